import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { duration, flag, integer, list, map, struct, text } from "./decode.ts";

const person = struct(
  { Name: text, Age: integer, IsHere: flag, Tags: list(text, "string"), Meta: map(text, "string"), Wait: duration },
  { is_here: "IsHere" },
);

describe("decoding by Go's rules", () => {
  test("matches names without regard to case", () => {
    const decoded = person({ nAmE: "Ada", AGE: 36, is_here: true }, "");

    expect(decoded).toMatchObject({ Name: "Ada", Age: 36, IsHere: true });
  });

  test("gives the zero value for what is absent or null", () => {
    expect(person({ Name: null, Tags: null, Meta: null }, "")).toEqual({
      Name: "",
      Age: 0,
      IsHere: false,
      Tags: [],
      Meta: null,
      Wait: 0,
    });
  });

  test.each([
    [{ Nope: 1 }, 'json: unknown field "Nope"'],
    [{ Name: 5 }, "json: cannot unmarshal number into Go struct field .Name of type string"],
    [{ Age: "5" }, "json: cannot unmarshal string into Go struct field .Age of type int"],
    [{ Age: 1.5 }, "json: cannot unmarshal number 1.5 into Go struct field .Age of type int"],
    [{ Tags: "a" }, "json: cannot unmarshal string into Go struct field .Tags of type []string"],
    [{ Tags: [1] }, "json: cannot unmarshal number into Go struct field .Tags of type string"],
    [{ Meta: { a: 1 } }, "json: cannot unmarshal number into Go struct field .Meta of type string"],
    [{ Wait: "10x" }, 'time: unknown unit "x" in duration "10x"'],
  ])("refuses %j in Go's words", (value, message) => {
    expect(() => person(value, "")).toThrow(message);
  });

  test("reads durations as text and as nanoseconds", () => {
    expect(person({ Wait: "1m30s" }, "").Wait).toBe(90_000);
    expect(person({ Wait: 2_000_000_000 }, "").Wait).toBe(2_000);
  });

  test("takes every key of a map for a key, and changes no prototype", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor")), fc.string()),
        (given) => {
          const json = JSON.parse(
            `{${Object.entries(given)
              .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
              .join(",")}}`,
          ) as object;

          const { Meta } = person({ Meta: json }, "");

          expect(Object.entries(Meta ?? {})).toEqual(Object.entries(json));
          expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
        },
      ),
    );
  });
});
