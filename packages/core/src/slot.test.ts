import { expect, test } from "vitest";

import { Slot } from "./slot.ts";

test("slots keep one value each per holder, apart from one another", () => {
  const one = new Slot<string>("call");
  const other = new Slot<number>("call");
  const holder = { slots: [] };
  const stranger = { slots: [] };

  one.set(holder, "kept");
  other.set(holder, 7);

  expect([one.get(holder), other.get(holder), one.get(stranger)]).toEqual(["kept", 7, undefined]);
});

test("a slot makes its value once, on first use", () => {
  const slot = new Slot<object>("call");
  const holder = { slots: [] };
  let made = 0;
  const make = (): object => ({ number: (made += 1) });

  const values = [slot.of(holder, make), slot.of(holder, make)];

  expect(values[0]).toBe(values[1]);
  expect(made).toBe(1);
});
