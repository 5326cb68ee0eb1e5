import { describe, expect, test } from "vitest";

import { OptionCheck, withDefaults } from "./options.ts";

describe("options", () => {
  test("that are present but undefined count as absent", () => {
    expect(withDefaults<{ one: number; two: number }>({ one: 7, two: undefined as never }, { one: 1, two: 2 })).toEqual(
      {
        one: 7,
        two: 2,
      },
    );
  });

  test("are told all that is wrong with them at once, and what there is", () => {
    const check = new OptionCheck("bulkhead", { limit: 0, toString: 1 }, { limit: 1, wait: 1 });
    check.count("limit", 0, 1, 10);
    check.number("share", Number.NaN, 0, 1);
    check.duration("wait", "1x");
    check.duration("wait", 5, 10);
    check.rule(false, "limit", "must not exceed wait");

    expect(() => check.done()).toThrow(
      expect.objectContaining({
        code: "ENMESH_OPTION_INVALID",
        problems: [
          { path: "toString", message: "no such option; there are limit, wait" },
          { path: "limit", message: "must be a whole number from 1 to 10, got 0" },
          { path: "share", message: "must be 0 to 1, got NaN" },
          { path: "wait", message: expect.stringContaining('"1x" is not a duration') },
          { path: "wait", message: "must be at least 10 ms, got 5 ms" },
          { path: "limit", message: "must not exceed wait" },
        ],
      }),
    );
  });

  test("that are right are refused nothing", () => {
    expect(() => new OptionCheck("bulkhead", { limit: 1 }, { limit: 1 }).done()).not.toThrow();
  });
});
