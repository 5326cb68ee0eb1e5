import { expect, test } from "vitest";

import type { HealthCheck } from "./health-check.ts";
import { createRegistration, type Registration } from "./registration.ts";
import { instanceOf, ScriptedRegistrar, world, type World } from "./scripted/fakes.ts";

interface Setting extends World {
  readonly registrar: ScriptedRegistrar;
  readonly registration: Registration;
}

function setting(healthCheck: HealthCheck): Setting {
  const here = world();
  const registrar = new ScriptedRegistrar();
  const { runtime } = here;
  return {
    ...here,
    registrar,
    registration: createRegistration({ registrar, instance: instanceOf("a"), runtime, healthCheck }),
  };
}

test("an instance is UP only once its check has passed", async () => {
  let pass = (): void => {};
  const { registration, pass: wait } = setting(() => new Promise<void>((resolve) => (pass = resolve)));

  registration.up();
  await wait(1_000);
  const before = registration.instance.status;
  pass();
  await wait(100);

  expect([before, registration.instance.status]).toEqual(["STARTING", "UP"]);
});

test.each<[string, HealthCheck, string]>([
  ["throws", () => Promise.reject(new Error("no database")), "no database"],
  ["answers false", () => false, "the health check failed"],
  ["does not answer", () => new Promise(() => {}), "the health check did not answer within 2000 ms"],
])("a check that %s makes it DOWN, with the reason", async (_, check, reason) => {
  const { registration, registrar, pass, typesOf } = setting(check);

  registration.up();
  await pass(3_000);

  expect(registrar.writes.at(-1)).toBe(`DOWN "DOWN: ${reason}"`);
  expect(typesOf("health.")).toEqual(["health.failed"]);
});

test("it is UP again with the first check that passes, and that is reported once", async () => {
  let ailment: string | undefined = "no database";
  const { registration, pass, typesOf } = setting(() => {
    if (ailment !== undefined) throw new Error(ailment);
  });
  registration.up();
  await pass(6_000);

  ailment = undefined;
  await pass(20_000);

  expect(registration.instance.status).toBe("UP");
  expect(typesOf("health.")).toEqual(["health.failed", "health.recovered"]);
});

test("a check that passes brings back nobody who was put down by hand, or who leaves", async () => {
  const { registration, registrar, pass } = setting(() => true);
  registration.up();
  await pass(100);

  registration.down("by hand");
  await pass(10_000);
  const down = registration.instance.status;
  registration.up();
  await pass(100);
  await registration.drain();
  await pass(20_000);

  expect(down).toBe("DOWN");
  expect(registrar.writes.slice(registrar.writes.indexOf("DRAINING")).includes("UP")).toBe(false);
});

test("a check that was late because our own loop was blocked says nothing", async () => {
  let hangs = false;
  const { registration, pass, runtime, time } = setting(() => (hangs ? new Promise(() => {}) : true));
  registration.up();
  await pass(100);

  hangs = true;
  runtime.distrustsItselfUntil = time.now() + 60_000;
  await pass(20_000);

  expect(registration.instance.status).toBe("UP");
});

test("one check runs at a time, hears when it is given up, and ends with the registration", async () => {
  let [running, most, aborted, checks] = [0, 0, 0, 0];
  const { registration, pass } = setting(
    (signal) =>
      new Promise<void>((resolve) => {
        checks += 1;
        running += 1;
        most = Math.max(most, running);
        signal.addEventListener("abort", () => {
          running -= 1;
          aborted += 1;
          resolve();
        });
      }),
  );
  registration.up();
  await pass(30_000);

  const leaving = registration.deregister();
  await pass(3_000);
  await leaving;
  const until = checks;
  await pass(30_000);

  expect(most).toBe(1);
  expect(aborted).toBeGreaterThan(2);
  expect(checks).toBe(until);
});
