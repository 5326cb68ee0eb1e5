import { Destination } from "@enmesh/core";
import { simulatedEndpoint } from "@enmesh/core/simulation";
import { describe, expect, test } from "vitest";

import { Availability } from "./availability.ts";

function among(known: number, ejected: number): { destination: Destination; view: ReturnType<Availability["of"]> } {
  const destination = new Destination("orders");
  const endpoints = Array.from({ length: known }, (_, index) => simulatedEndpoint(`orders-${index}`));
  for (const { health } of endpoints.slice(0, ejected)) health.ejectedAt = 1;
  destination.snapshot = { revision: 1, endpoints };
  return { destination, view: new Availability(0.5).of(destination) };
}

describe("which endpoints may be picked", () => {
  test.each([
    [2, 1, 1, false],
    [3, 1, 2, false],
    [3, 2, 3, true],
    [4, 2, 2, false],
    [5, 3, 5, true],
    [1, 0, 1, false],
    [0, 0, 0, false],
    [2, 2, 2, true],
  ])("of %d with %d ejected: %d, in panic %s", (known, ejected, count, isPanicking) => {
    expect(among(known, ejected).view).toMatchObject({ endpoints: { length: count }, isPanicking });
  });

  test("is worked out again only when the snapshot or somebody's health changed", () => {
    const { destination } = among(3, 0);
    const availability = new Availability(0.5);

    const first = availability.of(destination);
    const same = availability.of(destination);
    (destination.snapshot.endpoints[0] as { health: { ejectedAt: number } }).health.ejectedAt = 1;
    availability.changed();
    const less = availability.of(destination);
    destination.snapshot = { revision: 2, endpoints: [] };
    const none = availability.of(destination);

    expect(same).toBe(first);
    expect([first, less, none].map(({ endpoints }) => endpoints.length)).toEqual([3, 2, 0]);
  });
});
