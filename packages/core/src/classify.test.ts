import { describe, expect, test } from "vitest";

import {
  answered,
  blamesEndpoint,
  classifyStatus,
  failed,
  isWorthRepeating,
  parseRetryAfter,
  refused,
} from "./classify.ts";
import type { Call } from "./call.ts";
import { refuse } from "./policy.ts";

const wallNow = Date.UTC(2026, 0, 1);

describe("Retry-After", () => {
  test.each([
    ["0", 0],
    ["-5", 0],
    ["1.5", 1_500],
    [" 120 ", 120_000],
    ["Thu, 01 Jan 2026 00:00:10 GMT", 10_000],
    ["Thursday, 01-Jan-26 00:00:10 GMT", 10_000],
    ["Thu Jan  1 00:00:10 2026", 10_000],
    ["Wed, 31 Dec 2025 23:59:59 GMT", 0],
  ])("%j asks for %d ms", (value, ms) => {
    expect(parseRetryAfter(value, wallNow)).toBe(ms);
  });

  test.each(["garbage", "garbage 9999", "", "2026-01-01", "1, 2", "Thu, garbage", "0x10", undefined])(
    "%j asks for nothing",
    (value) => {
      expect(parseRetryAfter(value, wallNow)).toBeUndefined();
    },
  );

  test("given twice counts once: the first", () => {
    expect(parseRetryAfter(["1", "100"], wallNow)).toBe(1_000);
    expect(parseRetryAfter([], wallNow)).toBeUndefined();
  });
});

describe("a status", () => {
  test.each([
    [200, "success"],
    [304, "success"],
    [400, "clientError"],
    [404, "clientError"],
    [408, "transient"],
    [429, "throttled"],
    [500, "transient"],
    [501, "fatal"],
    [502, "transient"],
    [503, "transient"],
    [504, "transient"],
    [505, "fatal"],
  ])("%d means %s", (status, kind) => {
    expect(classifyStatus(status)).toBe(kind);
  });

  test("503 is throttled when the upstream said that it had no room", () => {
    expect(answered(503, 1, 1_000).kind).toBe("throttled");
    expect(answered(503, 1, undefined, true)).toMatchObject({ kind: "throttled", mayHaveRun: false });
  });
});

describe("an attempt is worth repeating", () => {
  const call = (isIdempotent: boolean, isReplayable = true): Call => ({ isIdempotent, isReplayable }) as Call;
  const error = new Error("broken");

  test.each([
    ["an idempotent call that got 500", call(true), answered(500, 1), true],
    ["a POST that got 500", call(false), answered(500, 1), false],
    ["a POST that got 429: it did not run", call(false), answered(429, 1), true],
    ["a POST that was shed", call(false), answered(503, 1, undefined, true), true],
    ["a POST that found nobody listening", call(false), failed("connect", error, 1), true],
    ["a POST whose connection broke", call(false), failed("reset", error, 1), false],
    ["a body that cannot be sent again", call(true, false), failed("connect", error, 1), false],
    ["what cannot succeed", call(true), answered(501, 1), false],
    ["what blames the caller", call(true), answered(404, 1), false],
    ["what a policy refused for good", call(true), refused(refuse("ENMESH_CIRCUIT_OPEN", ""), 0), false],
    [
      "what a policy refused for now",
      call(true),
      refused(refuse("ENMESH_NO_ENDPOINT", "", { retryable: true }), 0),
      true,
    ],
    ["what its caller cancelled", call(true), failed("cancelled", error, 1), false],
  ])("or not: %s", (_what, given, outcome, isWorth) => {
    expect(isWorthRepeating(given, outcome)).toBe(isWorth);
  });

  test("and blames the endpoint only where the endpoint was asked", () => {
    const blamed = [
      answered(500, 1),
      failed("connect", error, 1),
      failed("reset", error, 1),
      failed("attempt-timeout", error, 1),
    ];
    const innocent = [answered(429, 1), answered(404, 1), failed("cancelled", error, 1), failed("deadline", error, 1)];

    expect(blamed.map(blamesEndpoint)).toEqual([true, true, true, true]);
    expect(innocent.map(blamesEndpoint)).toEqual([false, false, false, false]);
  });
});
