import type { RetryPlan } from "@enmesh/core";
import { scripted, simulate, type Simulation, type SimulationOptions, type Upstream } from "@enmesh/core/simulation";
import { describe, expect, test } from "vitest";

import { retry } from "./retry.ts";

function planned(plan: RetryPlan, upstream: Upstream, how: SimulationOptions = {}): Simulation {
  const world = simulate(upstream, how);
  const route = {
    name: "route",
    admit: (call: object): undefined => void Object.assign(call, { plan: { name: "p", retry: plan } }),
  };
  return world.through(route, retry({}, world.runtime));
}

describe("a rule's own retries", () => {
  test("stand in place of the policy's", () => {
    const plan = { maxAttempts: 5, conditions: new Set(["5xx"]) };

    expect(planned(plan, scripted([500])).one()).toMatchObject({ attempts: 5 });
    expect(planned({ maxAttempts: 1 }, () => ({ fails: "connect" })).one()).toMatchObject({ attempts: 1 });
  });

  test.each([
    [["gateway-error"], 502, 2],
    [["gateway-error"], 500, 1],
    [["5xx"], 501, 2],
    [["retriable-4xx"], 409, 2],
    [["retriable-4xx"], 404, 1],
    [["connect-failure"], 503, 1],
  ])("on %j make of %d %d attempts", (conditions, status, attempts) => {
    const plan = { maxAttempts: 2, conditions: new Set(conditions) };

    expect(planned(plan, scripted([status])).one()).toMatchObject({ attempts, status });
  });

  test("on status codes match what was answered, and nothing else", () => {
    const plan = { maxAttempts: 2, conditions: new Set<string>(), statusCodes: new Set([404]) };

    expect(planned(plan, scripted([404])).one()).toMatchObject({ attempts: 2 });
    expect(planned(plan, scripted([503])).one()).toMatchObject({ attempts: 1 });
    expect(planned(plan, () => ({ fails: "connect" })).one()).toMatchObject({ attempts: 1 });
  });

  test("still never repeat what may have run and is not idempotent", () => {
    const plan = { maxAttempts: 2, conditions: new Set(["5xx", "reset"]) };

    expect(planned(plan, scripted([500]), { method: "POST" }).one()).toMatchObject({ attempts: 1 });
    expect(planned(plan, () => ({ fails: "reset" }), { method: "POST" }).one()).toMatchObject({ attempts: 1 });
    expect(planned(plan, () => ({ fails: "reset" })).one()).toMatchObject({ attempts: 2 });
  });
});
