import { pipeline, type RouteStep } from "@enmesh/core";
import { expectTypeOf, test } from "vitest";

import type { Balancer, BalancerOptions } from "./balance.ts";

declare const balancer: Balancer;
declare const route: RouteStep;

test("the health record stands after balance, never before", () => {
  pipeline().route(route).balance(balancer.step).through(balancer.health);
  // @ts-expect-error it needs to know the endpoint
  pipeline().route(route).through(balancer.health).balance(balancer.step);
});

test("there are two policies to choose from", () => {
  expectTypeOf<BalancerOptions["policy"]>().toEqualTypeOf<"leastRequest" | "roundRobin" | undefined>();
});
