import type { AimedCall, AttemptInfo, Policy } from "@enmesh/core";
import { expectTypeOf, test } from "vitest";

import { guard } from "./guard.ts";

declare const forAimed: Policy<AimedCall>;

test("a guarded function keeps its arguments and its value, and always gives a promise", () => {
  const read = guard((id: number, _info: AttemptInfo) => `order ${id}`, []);

  expectTypeOf(read).toEqualTypeOf<(id: number) => Promise<string>>();
});

test("a policy that needs an endpoint does not guard a function", () => {
  // @ts-expect-error a function has no endpoint
  guard(() => 1, [forAimed]);
});
