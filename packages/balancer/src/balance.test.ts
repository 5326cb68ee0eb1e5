import { Destination, pipeline, type RoutedPipeline } from "@enmesh/core";
import { type Reply, simulate, simulatedEndpoint, type Simulation } from "@enmesh/core/simulation";
import { describe, expect, test } from "vitest";

import { type BalancerOptions, createBalancer } from "./balance.ts";

function service(
  count: number,
  reply: (id: string) => Reply,
  options: BalancerOptions = {},
): { world: Simulation; asked: string[]; destination: Destination } {
  const destination = new Destination("orders");
  destination.snapshot = {
    revision: 1,
    endpoints: Array.from({ length: count }, (_, index) => simulatedEndpoint(`orders-${index}`)),
  };
  const asked: string[] = [];
  const world = simulate((attempt) => (asked.push(attempt.endpoint.id), reply(attempt.endpoint.id)), { destination });
  const { step, health } = createBalancer(options, world.runtime);
  const loop = { name: "loop", again: (call: { attempt: number }) => (call.attempt < 3 ? 1 : undefined) };
  world.along((pipeline() as unknown as RoutedPipeline).repeat(loop).balance(step).through(health).build());
  return { world, asked, destination };
}

describe("balancing", () => {
  test("takes for another attempt an endpoint that this call has not tried, while there is one", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { world, asked } = service(3, () => ({ status: 500 }), { outlierDetection: false });

      world.one();

      expect(new Set(asked).size).toBe(3);
    }
    const { world, asked } = service(2, () => ({ status: 500 }), { outlierDetection: false });
    world.one();
    expect([asked.length, new Set(asked).size]).toEqual([3, 2]);
  });

  test("sends nothing to an ejected endpoint", () => {
    const { world, asked, destination } = service(3, (id) =>
      id === "orders-0" ? { fails: "connect" } : { status: 200 },
    );

    const runs = world.many(200, 5);

    expect(runs.every(({ status }) => status === 200)).toBe(true);
    expect(asked.filter((id) => id === "orders-0")).toHaveLength(1);
    expect(destination.snapshot.endpoints.filter(({ health }) => health.ejectedAt !== undefined)).toHaveLength(1);
  });

  test("says what to do when nobody is known", () => {
    const { world } = service(0, () => ({ status: 200 }));

    const run = world.one();

    expect(run).toMatchObject({ sent: 0, error: "ENMESH_NO_ENDPOINT" });
    expect(run.outcome.refusal?.message).toBe(
      'no running instance of "orders" is known; start one, or look at the registry',
    );
  });

  test("says who is ejected, and until when, where health may leave nobody", () => {
    const { world, destination } = service(2, () => ({ status: 200 }), { panicThreshold: 0 });
    for (const { health } of destination.snapshot.endpoints) {
      health.ejectedAt = 0;
      health.ejectedUntil = 4_200;
    }

    const { outcome } = world.one();

    expect(outcome.refusal?.message).toMatch(
      /^no healthy instance of "orders" is left: 2 known, all ejected; next look at one in 4\.\ds$/,
    );
  });

  test("sees a new snapshot at once", () => {
    const { world, asked, destination } = service(1, () => ({ status: 200 }));
    world.one();

    destination.snapshot = { revision: 2, endpoints: [simulatedEndpoint("orders-9")] };
    world.one();

    expect(asked).toEqual(["orders-0", "orders-9"]);
  });

  test("can take turns", () => {
    const { world, asked } = service(3, () => ({ status: 200 }), { policy: "roundRobin" });

    world.many(6, 5);

    expect(asked.slice(0, 3)).toEqual(asked.slice(3));
    expect(new Set(asked).size).toBe(3);
  });
});

test("options that cannot be are refused all at once", () => {
  const { runtime } = simulate(() => ({ status: 200 }));
  const options = {
    policy: "random",
    panicThreshold: 50,
    outlier: {},
    outlierDetection: { consecutiveFailures: -1, interval: 1 },
  };

  expect(() => createBalancer(options as unknown as BalancerOptions, runtime)).toThrow(
    expect.objectContaining({
      code: "ENMESH_OPTION_INVALID",
      problems: [
        { path: "outlier", message: expect.stringContaining("no such option") },
        { path: "policy", message: 'must be leastRequest or roundRobin, got "random"' },
        { path: "panicThreshold", message: "must be 0 to 1, got 50" },
        { path: "outlierDetection.consecutiveFailures", message: "must be a number from 0 on, got -1" },
        { path: "outlierDetection.interval", message: expect.stringContaining("no such option") },
      ],
    }),
  );
});

test("options that are present but undefined count as absent", () => {
  const { runtime } = simulate(() => ({ status: 200 }));
  const options = { policy: undefined, outlierDetection: undefined } as unknown as BalancerOptions;

  expect(() => createBalancer(options, runtime)).not.toThrow();
});
