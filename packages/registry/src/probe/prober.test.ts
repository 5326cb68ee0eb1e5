import { describe, expect, test } from "vitest";

import { routesWorld } from "../../test/routes-world.ts";
import type { Probe } from "../model/probe.ts";
import { critical, passing, type ProbeResult } from "./result.ts";

describe("a check that the registry carries out", () => {
  test("begins critical, is looked at within its first interval, and then once per interval", async () => {
    const { register, pass, status, looks } = world();
    await register({ HTTP: "http://10.0.0.1/health", Interval: "10s" });

    const atFirst = status();
    await pass(4_999);
    const before = looks.length;
    await pass(1);
    const [then, count] = [status(), looks.length];
    await pass(100_000);

    expect([atFirst, before, then, count]).toEqual(["critical", 0, "passing", 1]);
    expect(looks).toHaveLength(11);
    expect(looks[0]).toMatchObject({ kind: "http", target: "http://10.0.0.1/health", intervalMs: 10_000 });
  });

  test("goes on where it was after the same registration, and anew after another", async () => {
    const { register, pass, looks } = world();
    await register({ TCP: "10.0.0.1:80", Interval: "10s" });
    await pass(4_000);
    await register({ TCP: "10.0.0.1:80", Interval: "10s" });
    await pass(1_000);
    const afterTheSame = looks.length;

    await register({ TCP: "10.0.0.1:81", Interval: "10s" });
    await pass(4_000);

    expect(afterTheSame).toBe(1);
    expect(looks).toHaveLength(1);
  });

  test("ends with its service", async () => {
    const { register, write, pass, looks } = world();
    await register({ TCP: "10.0.0.1:80", Interval: "1s" });
    await write("/v1/agent/service/deregister/orders");

    await pass(60_000);

    expect(looks).toEqual([]);
  });

  test("that does not answer is given up after its timeout, and is critical", async () => {
    const { register, pass, status, answerWith, aborted } = world();
    await register({ HTTP: "http://10.0.0.1/", Interval: "10s", Timeout: "2s" });
    answerWith(() => "never");
    await pass(5_000);
    await pass(1_999);
    const before = aborted();
    await pass(1);

    expect([before, aborted(), status()]).toEqual([0, 1, "critical"]);
  });

  test("follows only after so many results in a row", async () => {
    const { register, pass, status, answerWith } = world();
    await register({
      HTTP: "http://10.0.0.1/",
      Interval: "1s",
      SuccessBeforePassing: 2,
      FailuresBeforeWarning: 2,
      FailuresBeforeCritical: 3,
    });
    const seen: (string | undefined)[] = [];
    const results = [true, true, false, false, true, false, false, false];
    answerWith(() => (results.shift() ? passing("") : critical("")));

    await pass(500);
    seen.push(status());
    while (results.length > 0) {
      await pass(1_000);
      seen.push(status());
    }

    expect(seen).toEqual(["critical", "passing", "passing", "warning", "warning", "warning", "warning", "critical"]);
  });

  test("is not charged for what our own blocked event loop missed", async () => {
    const { register, pass, status, answerWith, beLate } = world();
    await register({ HTTP: "http://10.0.0.1/", Interval: "1s" });
    await pass(500);
    answerWith(() => {
      beLate(5_000);
      return critical("timeout");
    });

    await pass(1_000);
    const afterBlock = status();
    beLate(0);
    answerWith(() => critical("down"));
    await pass(3_000);

    expect([afterBlock, status()]).toEqual(["passing", "critical"]);
  });

  test("removes its service when it is critical for too long", async () => {
    const { register, pass, store, answerWith } = world();
    answerWith(() => critical("refused"));
    await register({ HTTP: "http://10.0.0.1/", Interval: "10s", DeregisterCriticalServiceAfter: "90s" });

    await pass(89_999);
    const before = store.catalog.services.size;
    await pass(1);

    expect([before, store.catalog.services.size]).toEqual([1, 0]);
  });

  test("goes on after a restart", async () => {
    const first = world();
    await first.register({ GRPC: "10.0.0.1:80/orders", Interval: "10s" });

    const second = world(first.store);
    await second.pass(5_000);

    expect(second.looks).toMatchObject([{ kind: "grpc", target: "10.0.0.1:80/orders" }]);
    expect(second.status()).toBe("passing");
  });
});

test("an alias says what the checks of another service say", async () => {
  const { write, store } = world();
  await write("/v1/agent/service/register", { Name: "db", Check: { Name: "disk", TTL: "60s", Status: "passing" } });
  await write("/v1/agent/check/register", { Name: "alias", AliasService: "db" });
  const alias = () => [store.catalog.checks.get("alias")?.status, store.catalog.checks.get("alias")?.output];

  const atFirst = alias();
  await write("/v1/agent/check/fail/service:db?note=full");
  const failing = alias();
  await write("/v1/agent/service/deregister/db");

  expect([atFirst, failing, alias()]).toEqual([
    ["passing", "All checks passing."],
    ["critical", 'Aliased check "disk" failing: full'],
    ["passing", "No checks found."],
  ]);
});

test.each([
  { HTTP: "http://169.254.169.254/latest/meta-data", Interval: "1s" },
  { HTTP: "http://[fe80::1]/", Interval: "1s" },
  { TCP: "169.254.169.254:80", Interval: "1s" },
  { GRPC: "169.254.169.254:80/x", Interval: "1s" },
])("a check of %j, which only we could reach, is refused", async (check) => {
  const { register } = world();

  expect(await register(check)).toContain("no check may reach");
});

function world(earlier?: ReturnType<typeof routesWorld>["store"]) {
  const looks: Probe[] = [];
  let aborts = 0;
  let answer: () => ProbeResult | "never" = () => passing("fine");
  const probe = (given: Probe, signal: AbortSignal): Promise<ProbeResult> => {
    looks.push(given);
    const result = answer();
    if (result !== "never") return Promise.resolve(result);
    return new Promise((resolve) =>
      signal.addEventListener("abort", () => {
        aborts += 1;
        resolve(critical("timeout"));
      }),
    );
  };
  const made = routesWorld({ probe, ...(earlier === undefined ? {} : { earlier }) });
  const { time, store, write } = made;
  /** Lets time pass in steps, so that each look can end before the next. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 500) {
      time.advance(Math.min(500, left));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const register = (check: object) => write("/v1/agent/service/register", { Name: "orders", Check: check });
  const status = () => store.catalog.checks.get("service:orders")?.status;
  return {
    ...made,
    looks,
    pass,
    register,
    status,
    answerWith: (next: typeof answer) => (answer = next),
    aborted: () => aborts,
  };
}
