import { AsyncLocalStorage } from "node:async_hooks";

import { expect, test } from "vitest";

import { currentContext, type RequestContext, runInContext } from "./context.ts";
import { Destination } from "./endpoint.ts";
import { type AttemptInfo, type FunctionClassifier, FunctionExchange } from "./function-driver.ts";
import { pipeline, type RoutedPipeline } from "./pipeline.ts";
import { scripted, simulate, type Simulation } from "./simulation/index.ts";

function call<T>(
  world: Simulation,
  action: (info: AttemptInfo) => T | PromiseLike<T>,
  classify: FunctionClassifier = () => "transient",
): FunctionExchange<T> {
  const built = (pipeline() as unknown as RoutedPipeline)
    .through({ name: "limit", admit: (each): undefined => void (each.deadlineAt = 100) })
    .repeat({ name: "loop", again: (each, { kind }) => (kind === "transient" && each.attempt < 3 ? 10 : undefined) })
    .build();
  const how = { isIdempotent: true, classify };
  const exchange = new FunctionExchange<T>(world.runtime, built, new Destination("read"), action, how);
  exchange.begin();
  return exchange;
}

test("a later attempt runs in its caller's context, not in that of the timer", async () => {
  const world = simulate(scripted([200]));
  const storage = new AsyncLocalStorage<string>();
  const request = { requestId: "r1" } as RequestContext;
  const seen: unknown[] = [];

  const exchange = runInContext(request, () => {
    return storage.run("caller", () => {
      return call(world, (info) => {
        seen.push([info.attempt, storage.getStore(), currentContext()?.requestId]);
        if (info.attempt < 2) throw new Error("again");
      });
    });
  });
  world.time.advance(50);
  await exchange.promise;

  expect(seen).toEqual([
    [1, "caller", "r1"],
    [2, "caller", "r1"],
  ]);
});

test("a synchronous value, a promise and a thenable are all answers", async () => {
  const world = simulate(scripted([200]));
  // oxlint-disable-next-line no-thenable
  const thenable = { then: (ok: (value: number) => void) => ok(3) } as PromiseLike<number>;

  const values = await Promise.all(
    [() => 1, async () => 2, () => thenable].map((action) => call(world, action).promise),
  );

  expect(values).toEqual([1, 2, 3]);
});

test.each([["a string"], [undefined], [null], [Object.create(null)]])("throwing %j rejects with it", async (thrown) => {
  const world = simulate(scripted([200]));
  const rejected = call(
    world,
    () => {
      throw thrown;
    },
    () => "fatal",
  ).promise.then(
    () => "resolved",
    (error: unknown) => ({ error }),
  );

  expect(await rejected).toEqual({ error: thrown });
});

test("a classifier that throws ends the call with its error", async () => {
  const world = simulate(scripted([200]));
  const classify = (): never => {
    throw new Error("the classifier's own bug");
  };

  const { promise } = call(world, () => Promise.reject(new Error("any")), classify);

  await expect(promise).rejects.toThrow("the classifier's own bug");
});

test("an attempt is told how long somebody waits for it", () => {
  const world = simulate(scripted([200]));
  const remaining: number[] = [];

  void call(world, (info) => {
    remaining.push(info.remainingMs);
    if (info.attempt < 2) throw new Error("again");
  }).promise;
  world.time.advance(50);

  expect(remaining).toEqual([100, 90]);
});
