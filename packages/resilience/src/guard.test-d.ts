import type { AimedCall, AttemptCall, Call, Policy, Repeat, RoutedCall } from "@enmesh/core";
import { expectTypeOf, test } from "vitest";

import { guard } from "./guard.ts";

declare const forAimed: Policy<AimedCall>;
declare const forAttempt: Policy<AttemptCall>;
declare const forCall: Policy<Call>;
declare const loop: Repeat<RoutedCall>;
declare function fetchOrder(id: number, detail?: string): Promise<{ id: number }>;

test("a guarded function takes what it took, and always gives a promise", () => {
  const read = guard(fetchOrder, []);
  const add = guard((one: number, other: number) => one + other, []);

  expectTypeOf(read).toBeCallableWith(7);
  expectTypeOf(read).toBeCallableWith(7, "all");
  expectTypeOf(read).returns.toEqualTypeOf<Promise<{ id: number }>>();
  expectTypeOf(add).returns.toEqualTypeOf<Promise<number>>();
  // @ts-expect-error the detail is text
  void read(7, 8);
});

test("a method keeps its `this`", () => {
  const read = guard(function (this: { name: string }) {
    return this.name;
  }, []);

  // @ts-expect-error it was made for something with a name
  void read.call({});
});

test("policies that need no endpoint guard functions, others do not", () => {
  guard(() => 1, [forCall, loop, forAttempt]);
  // @ts-expect-error a function has no endpoint
  guard(() => 1, [forAimed]);
});
