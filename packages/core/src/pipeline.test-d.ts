import { expectTypeOf, test } from "vitest";

import type { AimedCall, AttemptCall, Call, RoutedCall } from "./call.ts";
import type { Endpoint } from "./endpoint.ts";
import { pipeline } from "./pipeline.ts";
import type { BalanceStep, Policy, Repeat, RouteStep } from "./policy.ts";

declare const forCall: Policy<Call>;
declare const forRouted: Policy<RoutedCall>;
declare const forAttempt: Policy<AttemptCall>;
declare const forAimed: Policy<AimedCall>;
declare const route: RouteStep;
declare const loop: Repeat<RoutedCall>;
declare const balance: BalanceStep;
declare const other: Endpoint;

test("the order of the architecture compiles", () => {
  pipeline()
    .through(forCall)
    .route(route)
    .through(forCall, forRouted)
    .repeat(loop)
    .through(forCall, forRouted, forAttempt)
    .balance(balance)
    .through(forCall, forRouted, forAttempt, forAimed, undefined)
    .build();
});

test("a policy that needs to know more does not compile where less is known", () => {
  // @ts-expect-error the destination is not known before route
  pipeline().through(forRouted);
  // @ts-expect-error there is no attempt before repeat
  pipeline().route(route).through(forAttempt);
  // @ts-expect-error there is no endpoint before balance
  pipeline().route(route).through(forAimed);
  // @ts-expect-error there is no endpoint before balance, in the loop neither
  pipeline().route(route).repeat(loop).through(forAimed);
});

test("each step stands once, and in its place", () => {
  // @ts-expect-error route comes first
  pipeline().repeat(loop);
  // @ts-expect-error a call is routed once
  pipeline().route(route).route(route);
  // @ts-expect-error there is one loop
  pipeline().route(route).repeat(loop).repeat(loop);
  // @ts-expect-error the loop is around the balancer
  pipeline().route(route).balance(balance).repeat(loop);
  // @ts-expect-error an attempt is aimed once
  pipeline().route(route).balance(balance).balance(balance);
});

test("a policy reads of a call what is known of it, and changes only what may change", () => {
  expectTypeOf<AimedCall>().toExtend<AttemptCall>();
  expectTypeOf<AttemptCall>().toExtend<RoutedCall>();
  expectTypeOf<RoutedCall>().toExtend<Call>();
  expectTypeOf<Policy<Call>>().toExtend<Policy<AimedCall>>();
  expectTypeOf<Policy<AimedCall>>().not.toExtend<Policy<Call>>();
  const policy: Policy<AimedCall> = {
    name: "limit",
    admit: (call) => {
      call.attemptDeadlineAt = 1;
      // @ts-expect-error an attempt does not change its endpoint
      call.endpoint = other;
      return undefined;
    },
  };
  expectTypeOf(policy).toExtend<Policy<AimedCall>>();
});
