import fc from "fast-check";
import { expect, test } from "vitest";

import { SortedKeys } from "./sorted-keys.ts";

const key = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 5 });

test("the keys under a prefix are always those of a sorted list", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), key)), key, (steps, prefix) => {
      const keys = new SortedKeys();
      const model = new Set<string>();

      for (const [isAdded, each] of steps) {
        if (isAdded) keys.add(each);
        else keys.remove(each);
        if (isAdded) model.add(each);
        else model.delete(each);
      }

      const expected = [...model].filter((each) => each.startsWith(prefix)).toSorted();
      expect(keys.startingWith(prefix)).toEqual(expected);
      expect(keys.takeStartingWith(prefix)).toEqual(expected);
      expect(keys.size).toBe(model.size - expected.length);
    }),
  );
});
