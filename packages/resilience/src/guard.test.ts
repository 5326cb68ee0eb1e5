import { createRuntime, currentAttempt, type EventChannel, MeshError } from "@enmesh/core";
import { scripted, simulate } from "@enmesh/core/simulation";
import { describe, expect, test } from "vitest";

import { attemptTimeout } from "./attempt-timeout.ts";
import { bulkhead } from "./bulkhead.ts";
import { circuitBreaker } from "./circuit-breaker.ts";
import { deadline } from "./deadline.ts";
import { guard } from "./guard.ts";
import { retry } from "./retry.ts";

const { time, runtime } = simulate(scripted([200]));
const options = { runtime };

describe("a guarded function", () => {
  test("gets its own arguments and nothing else; its value comes back", async () => {
    const seen: unknown[][] = [];
    const read = guard(
      async (...input: [id: number, detail?: string]) => {
        seen.push(input);
        return `order ${input[0]}`;
      },
      [],
      options,
    );

    expect([await read(7), await read(8, "all")]).toEqual(["order 7", "order 8"]);
    expect(seen).toEqual([[7], [8, "all"]]);
  });

  test("keeps its `this`", async () => {
    const orders = {
      name: "orders",
      read: guard(
        function (this: { name: string }, id: number) {
          return `${this.name} ${id}`;
        },
        [],
        options,
      ),
    };

    await expect(orders.read(7)).resolves.toBe("orders 7");
  });

  test("can ask which attempt it is, also after it waited for something", async () => {
    const seen: (number | undefined)[] = [];
    const failing = guard(
      async () => {
        await Promise.resolve();
        seen.push(currentAttempt()?.attempt);
        throw new Error("broken");
      },
      [retry({ initialBackoff: 0 }, runtime)],
      options,
    );

    await failing().catch(() => seen.push(currentAttempt()?.attempt));

    expect(seen).toEqual([1, 2, 3, undefined]);
  });

  test("rejects with what it threw itself, when nothing helped", async () => {
    const original = new TypeError("no such order");
    const read = guard(() => Promise.reject(original), [retry({ attempts: 1 }, runtime)], options);

    await expect(read()).rejects.toBe(original);
  });

  test("is tried three times in all", async () => {
    let tries = 0;
    const failing = guard(
      () => {
        tries += 1;
        throw new Error("broken");
      },
      [retry({ initialBackoff: 0 }, runtime)],
      options,
    );

    await expect(failing()).rejects.toThrow("broken");
    expect(tries).toBe(3);
  });

  test("is not repeated when that is not safe, or does not help", async () => {
    let tries = 0;
    const pay = (): never => {
      tries += 1;
      throw new Error("broken");
    };
    const steps = [retry({ initialBackoff: 0 }, runtime)];

    await expect(guard(pay, steps, { ...options, idempotent: false })()).rejects.toThrow("broken");
    await expect(guard(pay, steps, { ...options, classify: () => "fatal" })()).rejects.toThrow("broken");

    expect(tries).toBe(2);
  });

  test("hears by its signal that its time is up, with the reason, and its late failure disturbs nobody", async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", listener);
    let signal: AbortSignal | undefined;
    let fail: (error: Error) => void = () => {};
    const hanging = guard(
      () => {
        signal = currentAttempt()?.signal;
        return new Promise<never>((_resolve, reject) => (fail = reject));
      },
      [deadline({ total: "1s" }, runtime)],
      { ...options, name: "hanging" },
    );

    const promise = hanging();
    time.advance(1_000);
    await expect(promise).rejects.toMatchObject({ code: "ENMESH_DEADLINE_EXCEEDED", destination: "hanging" });
    fail(new Error("too late"));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", listener);

    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toBeInstanceOf(MeshError);
    expect(unhandled).toEqual([]);
  });

  test("has a time for each attempt, with and without a loop", async () => {
    let tries = 0;
    const slow = guard(
      () => ((tries += 1) < 2 ? new Promise<number>(() => {}) : tries),
      [retry({ jitter: "none" }, runtime), attemptTimeout({ timeout: "1s" })],
      options,
    );
    const alone = guard(() => new Promise<never>(() => {}), [attemptTimeout({ timeout: "1s" })], options);

    const both = Promise.allSettled([slow(), alone()]);
    time.advance(5_000);

    expect(await both).toMatchObject([{ value: 2 }, { reason: { code: "ENMESH_ATTEMPT_TIMEOUT" } }]);
  });

  test("whose breaker is open is not run, and the error says so", async () => {
    let runs = 0;
    const failing = guard(
      () => {
        runs += 1;
        throw new Error("broken");
      },
      [circuitBreaker({ minimumCalls: 2 }, runtime)],
      { ...options, name: "stock" },
    );

    const results = await Promise.allSettled([failing(), failing(), failing()]);

    expect(runs).toBe(2);
    expect(results[2]).toMatchObject({ reason: { code: "ENMESH_CIRCUIT_OPEN", destination: "stock" } });
  });

  test("shares its policies' state with no other function", async () => {
    const steps = [bulkhead({ maxConcurrent: 1, maxQueue: 0 }, runtime)];
    const [one, other] = ["one", "other"].map((name) =>
      guard(() => new Promise<never>(() => {}), steps, { ...options, name }),
    );

    void one?.();
    const second = one?.();
    const apart = other?.();
    const first = await Promise.race([second?.catch((error: MeshError) => error.code), apart]);

    expect(first).toBe("ENMESH_BULKHEAD_FULL");
  });

  test("takes its own name when it is given none, and the process's runtime", async () => {
    async function readOrder(): Promise<never> {
      throw new Error("broken");
    }
    const events: string[] = [];
    const own = createRuntime();
    (own.events satisfies EventChannel).listen(({ destination }) => events.push(String(destination)));

    await guard(readOrder, [retry({ attempts: 2, initialBackoff: 0 }, own)])().catch(() => {});

    expect(events).toEqual(["readOrder"]);
  });

  test("with two loops is refused when it is made", () => {
    const loop = retry({}, runtime);

    expect(() => guard(() => 1, [loop, loop], options)).toThrow("repeat stands at most once");
  });
});
