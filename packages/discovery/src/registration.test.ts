import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { instanceOf, rejectionOf, ScriptedRegistrar, type Treatment, world, type World } from "./scripted/fakes.ts";
import { createRegistration, type Registration } from "./registration.ts";

interface Setting extends World {
  readonly registrar: ScriptedRegistrar;
  readonly registration: Registration;
}

function setting(treatment: Treatment = "take"): Setting {
  const here = world();
  const registrar = new ScriptedRegistrar();
  registrar.treat = () => treatment;
  return {
    ...here,
    registrar,
    registration: createRegistration({ registrar, instance: instanceOf("a"), runtime: here.runtime }),
  };
}

describe("a registration", () => {
  test("begins as STARTING and becomes UP when told", async () => {
    const { registrar, registration, pass } = setting();

    await pass(100);
    const before = registration.instance.status;
    registration.up();
    await pass(100);

    expect(before).toBe("STARTING");
    expect(registrar.writes).toEqual(["register STARTING", "STARTING", "UP"]);
    expect(registrar.leases).toEqual([{ ttlMs: 15_000, deregisterAfterMs: 60_000 }]);
  });

  test("repeats its word every five seconds, give or take a tenth", async () => {
    const { registrar, registration, pass } = setting();
    registration.up();
    await pass(100);
    registrar.writes.length = 0;

    await pass(60_000);

    expect(registrar.writes.length).toBeGreaterThanOrEqual(10);
    expect(registrar.writes.length).toBeLessThanOrEqual(14);
    expect(new Set(registrar.writes)).toEqual(new Set(["UP"]));
  });

  test("says DOWN with the reason, and UP again", async () => {
    const { registrar, registration, pass } = setting();
    registration.up();
    await pass(100);

    registration.down("database gone");
    await pass(100);
    registration.up();
    await pass(100);

    expect(registrar.writes.slice(-2)).toEqual(['DOWN "DOWN: database gone"', "UP"]);
  });

  test("registers again within one and a half heartbeats when the registry has lost it, and is up with that", async () => {
    const { registrar, registration, pass, typesOf } = setting();
    registration.up();
    await pass(100);
    registrar.writes.length = 0;
    let isKnown = false;
    registrar.treat = (write) => {
      isKnown ||= write.startsWith("register");
      return isKnown ? "take" : "unknown";
    };

    await pass(6_900);

    expect(registrar.writes.slice(0, 2)).toEqual(["UP", "register UP"]);
    expect(registration.isRegistered).toBe(true);
    expect(typesOf("registration.")).toEqual([
      "registration.registered",
      "registration.lost",
      "registration.registered",
    ]);
  });

  test("is back within one and a half heartbeats after the registry was away and came back empty", async () => {
    const { registrar, registration, pass } = setting();
    registration.up();
    await pass(100);
    let isKnown = true;
    registrar.treat = () => "fail";

    await pass(20_000);
    isKnown = false;
    registrar.treat = (write) => {
      isKnown ||= write.startsWith("register");
      return isKnown ? "take" : "unknown";
    };
    registrar.writes.length = 0;
    await pass(6_900);

    expect(registrar.writes.slice(0, 2)).toEqual(["UP", "register UP"]);
    expect(registration.trouble).toBeUndefined();
  });

  test("asks a registry that is away no more often than on any other day, but for the first time", async () => {
    const { registrar, registration, pass } = setting();
    registration.up();
    await pass(100);
    registrar.treat = () => "fail";
    await pass(5_600);
    registrar.writes.length = 0;

    await pass(60_000);

    expect(registrar.writes.length).toBeLessThanOrEqual(14);
  });

  test("does not spin when the registry forgets what it is told", async () => {
    const { registrar, pass } = setting();
    registrar.treat = (write) => (write.startsWith("register") ? "take" : "unknown");

    await pass(10_000);

    expect(registrar.writes.length).toBeLessThan(40);
  });

  test("keeps trying when the registry is away at the start, and tells whoever waits", async () => {
    const { registrar, registration, pass, typesOf } = setting("fail");

    const early = rejectionOf(registration.ready({ timeoutMs: 1_000 }));
    await pass(1_000);
    registrar.treat = () => "take";
    await pass(2_500);

    await expect(early).resolves.toMatchObject({ code: "ENMESH_REGISTRY_UNREACHABLE" });
    await expect(registration.ready()).resolves.toBeUndefined();
    expect(registration.isRegistered).toBe(true);
    expect(new Set(typesOf("registration.failed"))).toEqual(new Set(["registration.failed"]));
  });

  test("writes one word at a time", async () => {
    const { registrar, registration, pass } = setting();

    registration.up();
    registration.down("no");
    registration.up();
    await pass(100);

    expect(registrar.mostUnderWay).toBe(1);
    expect(registrar.writes.at(-1)).toBe("UP");
  });
});

describe("leaving", () => {
  test("drains, stays drained, and is removed; the registrar closes last", async () => {
    const { registrar, registration, pass, typesOf } = setting();
    registration.up();
    await pass(100);
    registrar.writes.length = 0;

    await registration.drain();
    registration.up();
    registration.down("late");
    await pass(100);
    const whileDraining = [...registrar.writes];
    await registration.deregister();

    expect(whileDraining).toEqual(["DRAINING"]);
    expect(registrar.writes).toEqual(["DRAINING", "deregister"]);
    expect(registrar.isClosed).toBe(true);
    expect(typesOf("registration.")).toEqual([
      "registration.registered",
      "registration.draining",
      "registration.deregistered",
    ]);
  });

  test("drains first when it is removed without", async () => {
    const { registrar, registration, pass } = setting();
    registration.up();
    await pass(100);

    await registration.deregister();

    expect(registrar.writes.slice(-2)).toEqual(["DRAINING", "deregister"]);
  });

  test("does not wait for a heartbeat that hangs, and writes DRAINING again after it", async () => {
    const { registrar, registration, pass } = setting();
    registration.up();
    await pass(100);
    registrar.treat = (write) => (write === "UP" ? "hang" : "take");
    await pass(6_000);
    registrar.writes.length = 0;

    const drained = registration.drain();
    await pass(300);
    await drained;
    registrar.release();
    await pass(100);

    expect(registrar.writes).toEqual(["DRAINING", "DRAINING"]);
  });

  test("waits a second for a registry that is away, and no longer", async () => {
    const { registrar, registration, pass, time } = setting();
    registration.up();
    await pass(100);
    registrar.treat = () => "hang";
    const from = time.now();
    let at = 0;

    void registration.drain().then(() => (at = time.now()));
    await pass(2_000);

    expect(at - from).toBe(1_000);
  });

  test("is not brought back by a registry that has lost it meanwhile", async () => {
    const { registrar, registration, pass } = setting();
    registration.up();
    await pass(100);
    await registration.drain();
    registrar.treat = () => "unknown";
    registrar.writes.length = 0;

    await pass(30_000);

    expect(registrar.writes).toEqual(["DRAINING"]);
  });

  test("writes no DRAINING for what the registry never took, but removes it all the same", async () => {
    const { registrar, registration, pass } = setting("fail");
    await pass(100);
    registrar.writes.length = 0;
    registrar.treat = () => "take";

    await registration.deregister();

    expect(registrar.writes).toEqual(["deregister"]);
  });

  test("after drain no UP is ever written, whatever the registry does and whatever is asked", async () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ ask: fc.constantFrom("up", "down", "drain") }),
        fc.record({ treat: fc.constantFrom<Treatment>("take", "unknown", "fail", "hang") }),
        fc.record({ pass: fc.integer({ min: 1, max: 8_000 }) }),
        fc.record({ release: fc.constant(true) }),
      ),
      { maxLength: 30 },
    );

    const property = fc.asyncProperty(steps, async (script) => {
      const { registrar, registration, pass } = setting();
      let drainedAt = Number.POSITIVE_INFINITY;
      for (const step of script) {
        if ("treat" in step) registrar.treat = () => step.treat;
        else if ("pass" in step) await pass(step.pass);
        else if ("release" in step) registrar.release();
        else if (step.ask === "up") registration.up();
        else if (step.ask === "down") registration.down("asked");
        else {
          drainedAt = Math.min(drainedAt, registrar.writes.length);
          void registration.drain();
        }
      }
      registrar.treat = () => "take";
      registrar.release();
      await pass(10_000);

      const isFaithful = registrar.writes.slice(drainedAt).every((write) => write === "DRAINING");
      // And the registry, if it has the instance at all, ends with the newest word.
      const last = registrar.writes.at(-1)?.split(" ")[0];
      return isFaithful && (!registration.isRegistered || last === registration.instance.status);
    });

    await expect(fc.assert(property, { numRuns: 300 })).resolves.toBeUndefined();
  });
});
