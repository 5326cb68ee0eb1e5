import { Destination, type AttemptCall, seededRandom } from "@enmesh/core";
import { simulatedEndpoint } from "@enmesh/core/simulation";
import fc from "fast-check";
import { expect, test } from "vitest";

import { roundRobin } from "./round-robin.ts";

fc.configureGlobal({ seed: 1 });

const endpointsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => simulatedEndpoint(`orders-${index}`));

test("each endpoint has its turn exactly once per round, wherever it starts", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer(), (count, seed) => {
      const picker = roundRobin(seededRandom(seed));
      const endpoints = endpointsOf(count);
      const call = { destination: new Destination("orders") } as AttemptCall;

      for (let round = 0; round < 3; round++) {
        const picked = Array.from({ length: count }, () => picker.pick(endpoints, call));

        expect(new Set(picked).size).toBe(count);
      }
    }),
  );
});

test("destinations have turns of their own, and a list that got shorter is no problem", () => {
  const picker = roundRobin(() => 0.99);
  const [orders, stock] = ["orders", "stock"].map((name) => ({ destination: new Destination(name) }) as AttemptCall);
  const endpoints = endpointsOf(3);

  const picked = [
    picker.pick(endpoints, orders as AttemptCall),
    picker.pick(endpoints.slice(0, 2), orders as AttemptCall),
    picker.pick(endpoints, stock as AttemptCall),
  ];

  expect(picked.map(({ id }) => id)).toEqual(["orders-2", "orders-0", "orders-2"]);
});
