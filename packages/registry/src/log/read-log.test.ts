import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Commit } from "../model/change.ts";
import { encodeLine } from "./line.ts";
import { readLog } from "./read-log.ts";

const commit: fc.Arbitrary<Commit> = fc.record({
  index: fc.nat(),
  changes: fc.array(
    fc.oneof(
      fc.record({ op: fc.constant("kv-gone" as const), key: fc.string({ unit: "grapheme" }) }),
      fc.record({
        op: fc.constant("kv" as const),
        entry: fc.record({
          key: fc.string({ unit: "grapheme" }),
          value: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
          flags: fc.constantFrom("0", "18446744073709551615"),
          createIndex: fc.nat(),
          modifyIndex: fc.nat(),
        }),
      }),
    ),
    { maxLength: 3 },
  ),
});

describe("reading a log", () => {
  test("gives back what was written", () => {
    fc.assert(
      fc.property(fc.array(commit, { maxLength: 5 }), (commits) => {
        const content = readLog(Buffer.from(commits.map(encodeLine).join("")));

        expect(content.commits).toEqual(commits);
        expect(content.tornBytes).toBe(0);
      }),
    );
  });

  test("of a log torn anywhere always gives the commits that are whole", () => {
    fc.assert(
      fc.property(
        fc.array(commit, { minLength: 1, maxLength: 5 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (commits, share) => {
          const lines = commits.map((each) => Buffer.from(encodeLine(each)));
          const log = Buffer.concat(lines);
          const cut = Math.floor(log.length * share);

          const content = readLog(log.subarray(0, cut));

          const whole = lines.filter((_line, at) => Buffer.concat(lines.slice(0, at + 1)).length <= cut).length;
          expect(content.commits).toEqual(commits.slice(0, whole));
          expect(content.goodBytes + content.tornBytes).toBe(cut);
        },
      ),
    );
  });

  test("with one damaged byte always gives a prefix, and nothing that was not written", () => {
    fc.assert(
      fc.property(
        fc.array(commit, { minLength: 1, maxLength: 5 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (commits, at, flip) => {
          const log = Buffer.from(commits.map(encodeLine).join(""));
          log[at % log.length] = (log[at % log.length] as number) ^ flip;

          const content = readLog(log);

          expect(content.commits.length).toBeLessThan(commits.length);
          expect(content.commits).toEqual(commits.slice(0, content.commits.length));
        },
      ),
    );
  });
});
