import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { compileFilter } from "./compile.ts";
import { instanceShape } from "./schema.ts";

const web = {
  Node: { Node: "node-1", Meta: { rack: "r1" } },
  Service: {
    ID: "web-1",
    Service: "web",
    Tags: ["blue", "v2"],
    Port: 80,
    Meta: { zone: "a b" },
    EnableTagOverride: false,
  },
  Checks: [{ Status: "passing" }, { Status: "critical" }],
};

describe("an expression", () => {
  test.each([
    ["Service.Port == 80", true],
    ["Service.Port != 80", false],
    ['"blue" in Service.Tags and "v1" not in Service.Tags', true],
    ["Service.Tags contains v2", true],
    ['Service.Meta["zone"] == "a b"', true],
    ["Service.Meta.none == x", false],
    ["Service.Meta.none != x", true],
    // A key that is not there is not even empty.
    ['Service.Meta.none == ""', false],
    ['Service.Meta.none != ""', true],
    ["Service.Meta.none is empty or Node.Meta.rack == r1", "Is Empty"],
    ["zone in Service.Meta", true],
    ["Service.Meta is not empty", true],
    ["Service.Address is empty", true],
    // A list of structs matches where any of them does.
    ["Checks.Status == critical and Checks.Status == passing", true],
    ["not Checks.Status == warning", true],
    // "and" binds closer than "or", "not" closer than both.
    ["Service.Port == 80 or Service.Port == 1 and Service.Port == 2", true],
    ["(Service.Port == 80 or Service.Port == 1) and Service.Port == 2", false],
    ["not Service.Port == 1 and Service.Port == 80", true],
    ["not not Service.Port == 80", true],
    ["Service.ID matches `^web-\\d+$`", true],
    ["Service.ID not matches web", false],
    ["Service.EnableTagOverride == f", true],
  ])("%s is %s", (expression, expected) => {
    if (typeof expected === "string") expect(() => compileFilter(expression, instanceShape)).toThrow(expected);
    else expect(compileFilter(expression, instanceShape)(web)).toBe(expected);
  });

  test.each([
    ["Nope == 1", 'Selector "Nope" is not valid'],
    ["Service.constructor == 1", 'Selector "Service.constructor" is not valid'],
    ["Service == 1", 'Invalid match operator "Equal" for selector "Service"'],
    ["Service.Tags != x", 'Invalid match operator "Not Equal" for selector "Service.Tags"'],
    ["Service.Port matches 8", 'Invalid match operator "Matches" for selector "Service.Port"'],
    ["Service.Port == 8.5", "Failed to coerce value"],
    ["Service.Port ==", "1:16 (15): no match found"],
    ["(Service.Port == 80", "expected: )"],
    ["Service.Port == 80)", "1:19 (18)"],
    ["Service.Port == 80 Service.Port == 80", "and, or, or the end"],
    ["Service.Port % 80", "1:14 (13)"],
    ["(".repeat(200), "nested too deeply"],
    [`Service.ID == ${"x".repeat(5_000)}`, "longer than"],
  ])("such as %s is refused, with the place or the reason", (expression, message) => {
    expect(() => compileFilter(expression, instanceShape)).toThrow(message);
  });

  test("never breaks on anything but a reason", () => {
    const word = fc.constantFrom(
      "Service",
      "Port",
      ".",
      "==",
      "in",
      "not",
      "and",
      "(",
      ")",
      '"a"',
      "`",
      "is",
      "empty",
      "1",
      "\\",
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        try {
          compileFilter(words.join(" "), instanceShape)(web);
        } catch (error) {
          expect((error as Error).name).toBe("FilterError");
        }
      }),
    );
  });
});
