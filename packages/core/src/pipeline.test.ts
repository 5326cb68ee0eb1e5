import { expect, test } from "vitest";

import { pipeline, type RoutedPipeline } from "./pipeline.ts";
import { refuse } from "./policy.ts";
import { Destination } from "./endpoint.ts";
import { scripted, simulate, simulatedEndpoint } from "./simulation/index.ts";

test("policies that do nothing, and those that are switched off, are left out", () => {
  const built = pipeline()
    .through({ name: "nothing" }, undefined, { name: "watch", settle: () => {} })
    .build();

  expect(built.callScope.names).toEqual(["watch"]);
});

test("what stands before the loop sees a call once, what stands after it each attempt", () => {
  const seen: string[] = [];
  const simulation = simulate(scripted([503, 503, 200]));
  simulation.through(
    { name: "outer", admit: (): undefined => void seen.push("call") },
    { name: "loop", again: () => 0 },
    { name: "inner", admit: (call): undefined => void seen.push(`attempt ${call.attempt}`) },
  );

  const run = simulation.one();

  expect(run).toMatchObject({ attempts: 3, sent: 3, status: 200 });
  expect(seen).toEqual(["call", "attempt 1", "attempt 2", "attempt 3"]);
});

test("a call is routed once and aimed per attempt, and its policies see where to", () => {
  const destination = new Destination("orders", "v2");
  const endpoints = [simulatedEndpoint("one"), simulatedEndpoint("two")];
  const seen: string[] = [];
  const simulation = simulate(scripted([503, 200]));
  simulation.along(
    pipeline()
      .route({ name: "route", route: () => ({ type: "routing", destination, plan: { name: "canary" } }) })
      .through({
        name: "watch",
        admit: (call): undefined => void seen.push(`${call.destination.name} by ${call.plan.name}`),
      })
      .repeat({ name: "loop", again: () => 1 })
      .balance({ name: "balance", pick: (call) => endpoints[call.attempt - 1] ?? refuse("ENMESH_NO_ENDPOINT", "none") })
      .through({ name: "aimed", admit: (call): undefined => void seen.push(call.endpoint.id) })
      .build(),
  );

  simulation.one();

  expect(seen).toEqual(["orders|v2 by canary", "one", "two"]);
});

test("a refused route and a refused pick end the call without sending", () => {
  const simulation = simulate(scripted([200]));
  const refusal = refuse("ENMESH_NO_ROUTE", "no rule matches");

  const unrouted = simulation
    .along(
      pipeline()
        .route({ name: "route", route: () => refusal })
        .build(),
    )
    .one();
  const unaimed = simulation
    .along((pipeline() as unknown as RoutedPipeline).balance({ name: "balance", pick: () => refusal }).build())
    .one();

  expect(unrouted).toMatchObject({ attempts: 0, sent: 0, error: "ENMESH_NO_ROUTE" });
  expect(unaimed).toMatchObject({ attempts: 1, sent: 0, error: "ENMESH_NO_ROUTE" });
});

test("a second loop is refused when the pipeline is built", () => {
  const loop = { name: "loop", again: () => undefined };
  const twice = (pipeline() as unknown as RoutedPipeline).repeat(loop) as unknown as RoutedPipeline;

  expect(() => twice.repeat(loop)).toThrow("repeat stands at most once, and before balance");
});
