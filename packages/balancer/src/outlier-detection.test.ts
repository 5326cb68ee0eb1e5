import {
  type AimedCall,
  Destination,
  type Endpoint,
  type MeshEvent,
  pipeline,
  type Policy,
  type RoutedPipeline,
} from "@enmesh/core";
import { type Reply, simulate, simulatedEndpoint, type Simulation } from "@enmesh/core/simulation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type BalancerOptions, createBalancer } from "./balance.ts";
import type { Probe } from "./outlier-detection.ts";

/** A service of several endpoints; each does what `replies` says of it. An attempt has three seconds. */
class Service {
  readonly world: Simulation;
  readonly endpoints: Endpoint[];
  readonly destination = new Destination("orders");
  readonly replies: Reply[];
  readonly asked: number[];

  constructor(count: number, options: BalancerOptions = {}, probe?: Probe) {
    this.endpoints = Array.from({ length: count }, (_, index) => simulatedEndpoint(`orders-${index}`));
    this.destination.snapshot = { revision: 1, endpoints: this.endpoints };
    this.replies = this.endpoints.map(() => ({ status: 200 }));
    this.asked = this.endpoints.map(() => 0);
    this.world = simulate(
      (attempt) => {
        const index = this.endpoints.indexOf(attempt.endpoint);
        this.asked[index]! += 1;
        return this.replies[index] as Reply;
      },
      { destination: this.destination },
    );
    const balancer = createBalancer(options, this.world.runtime, probe);
    const limit: Policy<AimedCall> = {
      name: "limit",
      admit: (call): undefined => void (call.attemptDeadlineAt = call.attemptStartedAt + 3_000),
    };
    const routed = pipeline() as unknown as RoutedPipeline;
    this.world.along(routed.balance(balancer.step).through(balancer.health, limit).build());
  }

  /** Makes calls one after the other until this endpoint was asked so often. */
  ask(index: number, times = 1): void {
    const goal = (this.asked[index] as number) + times;
    for (let call = 0; (this.asked[index] as number) < goal; call++) {
      if (call > 1_000) throw new Error(`endpoint ${index} is asked no more`);
      this.world.one();
    }
  }

  get ejected(): number[] {
    return this.endpoints.flatMap(({ health }, index) => (health.ejectedAt === undefined ? [] : [index]));
  }

  eventsOf(type: string): MeshEvent[] {
    return this.world.events.filter((event) => event.type === type);
  }
}

describe("an endpoint", () => {
  test("is ejected by five failures in a row, not by four and a success", () => {
    const service = new Service(3);

    service.replies[0] = { status: 500 };
    service.ask(0, 4);
    service.replies[0] = { status: 200 };
    service.ask(0);
    service.replies[0] = { status: 500 };
    service.ask(0, 4);
    const before = service.ejected;
    service.ask(0);

    expect([before, service.ejected]).toEqual([[], [0]]);
  });

  test("that refuses the connection is ejected by the first attempt", () => {
    const service = new Service(3);
    service.replies[1] = { fails: "connect" };

    service.ask(1);

    expect(service.ejected).toEqual([1]);
    expect(service.eventsOf("outlier.ejected")).toMatchObject([
      { endpoint: service.endpoints[1]?.origin, instance: "orders-1", reason: "connect-failed", timesEjected: 1 },
    ]);
  });

  test("that lets an attempt time out in silence is ejected at once; one that answers others is not", () => {
    const silent = new Service(2);
    silent.replies[0] = {};
    const slow = new Service(2);
    slow.replies[0] = {};

    silent.ask(0);
    const exchange = slow.world.start();
    expect(exchange.endpoint).toBe(slow.endpoints[0]);
    slow.world.time.advance(1_000);
    slow.replies[0] = { status: 200 };
    exchange.endpoint.health.lastAnswerAt = slow.world.time.now();
    slow.world.time.advance(3_000);

    expect([silent.ejected, slow.ejected]).toEqual([[0], []]);
    expect(silent.eventsOf("outlier.ejected")).toMatchObject([{ reason: "silent" }]);
  });

  test.each([
    ["blames the caller", { status: 404 }],
    ["has no room", { status: 429 }],
    ["cannot do it", { status: 501 }],
  ] as const)("that %s is not ejected, however often", (_why, reply) => {
    const service = new Service(2);
    service.replies[0] = reply;

    service.ask(0, 50);

    expect(service.ejected).toEqual([]);
  });

  test("is not blamed for what its caller cancelled", () => {
    const service = new Service(2);
    for (const index of service.endpoints.keys()) service.replies[index] = {};

    for (let call = 0; call < 50; call++) service.world.start().cancel();

    expect(service.ejected).toEqual([]);
    expect(service.endpoints.map(({ health }) => health.inFlight)).toEqual([0, 0]);
  });

  test("is not blamed while our own event loop is late, except for a refusal that came at once", () => {
    const service = new Service(3);
    service.world.runtime.distrustsItselfUntil = 1e9;

    service.replies[0] = {};
    service.ask(0, 6);
    service.replies[0] = { fails: "connect", afterMs: 1_000 };
    service.ask(0, 6);
    const blamedLate = service.ejected;
    service.replies[0] = { fails: "connect", afterMs: 1 };
    service.ask(0);

    expect([blamedLate, service.ejected]).toEqual([[], [0]]);
  });

  test("with outlier detection switched off stays in the choice, whatever it does", () => {
    const service = new Service(2, { outlierDetection: false });
    service.replies[0] = { fails: "connect" };

    service.ask(0, 20);

    expect(service.ejected).toEqual([]);
  });
});

describe("ejection", () => {
  test("never takes the only endpoint, nor more than half of them, and says when it would have", () => {
    for (const [count, most] of [
      [1, 0],
      [2, 1],
      [3, 1],
      [4, 2],
      [5, 2],
      [10, 5],
    ] as const) {
      const service = new Service(count);
      for (const index of service.endpoints.keys()) service.replies[index] = { fails: "connect" };

      service.world.many(count * 5, 1);

      expect(service.ejected).toHaveLength(most);
      expect(service.eventsOf("outlier.ejection_skipped").length).toBeGreaterThan(0);
    }
  });

  test("never leaves nobody to call, whatever fails when", () => {
    const reply = fc.constantFrom<Reply>({ status: 200 }, { status: 500 }, { fails: "connect" }, {});
    const change = fc.record({ endpoint: fc.nat(9), reply, calls: fc.nat(8), passMs: fc.nat(4_000) });
    const percent = fc.constantFrom(0, 10, 50, 100);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        percent,
        fc.array(change, { maxLength: 25 }),
        (count, maxEjectionPercent, changes) => {
          const service = new Service(count, { outlierDetection: { maxEjectionPercent } });
          for (const { endpoint, reply: next, calls, passMs } of changes) {
            service.replies[endpoint % count] = next;
            for (let call = 0; call < calls; call++) service.world.start();
            service.world.time.advance(passMs);

            const cap = Math.max(1, Math.floor((count * maxEjectionPercent) / 100));
            expect(service.ejected.length).toBeLessThanOrEqual(Math.min(cap, count - 1));
            for (const { health } of service.endpoints) {
              expect(health.inFlight).toBeGreaterThanOrEqual(0);
              expect(health.answering).toBe(0);
            }
          }
          service.world.time.advance(10_000);

          expect(service.endpoints.map(({ health }) => health.inFlight)).toEqual(service.endpoints.map(() => 0));
        },
      ),
      { numRuns: 60, seed: 1 },
    );
  });

  test("lasts longer each time, up to five minutes, and is a first one again after a while without trouble", () => {
    const service = new Service(3);
    service.replies[0] = { status: 500 };
    for (let round = 0; round < 9; round++) {
      service.ask(0, 5);
      service.world.time.advance(300_000);
    }
    const times = service.eventsOf("outlier.ejected").map(({ forMs }) => forMs as number);

    service.replies[0] = { status: 200 };
    service.ask(0);
    service.replies[0] = { status: 500 };
    service.ask(0, 5);
    const afterwards = service.eventsOf("outlier.ejected").at(-1)?.timesEjected;

    for (const [round, forMs] of times.entries()) {
      const full = Math.min(300_000, 5_000 * 2 ** round);
      expect(forMs).toBeGreaterThanOrEqual(full / 2);
      expect(forMs).toBeLessThanOrEqual(full);
    }
    expect(times).toHaveLength(9);
    expect(afterwards).toBe(1);
  });
});

describe("a probe", () => {
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test("brings an endpoint back that fell silent, as soon as it answers, and no call has to find out", async () => {
    let answers = false;
    const probed: number[] = [];
    const service = new Service(2, {}, async () => (probed.push(service.world.time.now() - start), answers));
    service.replies[0] = {};
    service.ask(0);
    const start = service.world.time.now();
    service.replies[0] = { status: 200 };
    const askedBefore = service.asked[0];
    let askedWhileSilent: number | undefined;

    for (let half = 0; half < 16; half++) {
      if (half === 10) {
        answers = true;
        askedWhileSilent = service.asked[0];
      }
      service.world.time.advance(500);
      await settled();
      for (let call = 0; call < 3; call++) service.world.start();
    }

    expect(probed.map((at) => at / 500)).toEqual([1, 3, 7, 15]);
    expect(service.eventsOf("outlier.readmitted")).toMatchObject([{ instance: "orders-0", service: "upstream" }]);
    expect(askedWhileSilent).toBe(askedBefore);
    expect(service.asked[0] as number).toBeGreaterThan(askedBefore as number);
    expect(service.ejected).toEqual([]);
  });

  test("that rejects is an endpoint that does not answer: it is asked again", async () => {
    let probes = 0;
    const service = new Service(2, {}, () => {
      probes += 1;
      return Promise.reject(new Error("a bug"));
    });
    service.replies[0] = { fails: "connect" };
    service.ask(0);

    for (let second = 0; second < 4; second++) {
      service.world.time.advance(1_000);
      await settled();
    }

    expect([probes, service.ejected]).toEqual([3, [0]]);
  });

  test("does not go on for an endpoint that left the registry", async () => {
    let probes = 0;
    const service = new Service(3, {}, async () => ((probes += 1), false));
    service.replies[0] = { fails: "connect" };
    service.ask(0);

    service.destination.snapshot = { revision: 2, endpoints: service.endpoints.slice(1) };
    for (let minute = 0; minute < 10; minute++) {
      service.world.time.advance(60_000);
      await settled();
    }

    expect(probes).toBe(0);
    expect(service.endpoints[0]?.health.ejectedAt).toBeUndefined();
  });
});
