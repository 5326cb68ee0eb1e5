import { expect, test } from "vitest";

import { Tombstones } from "./tombstones.ts";

test("when the oldest graves are forgotten, every prefix takes over the youngest of them", () => {
  const graves = new Tombstones(4);

  for (let index = 10; index < 15; index++) graves.bury(`key-${index}`, index);

  expect(graves.indexOfKey("key-14")).toBe(14);
  expect(graves.indexOfKey("key-10")).toBe(12);
  expect(graves.indexOfPrefix("other")).toBe(12);
});
