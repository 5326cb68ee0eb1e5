import { answered, headers, type RequestContext, runInContext } from "@enmesh/core";
import { simulate } from "@enmesh/core/simulation";
import { describe, expect, test } from "vitest";

import { deadlineHeaders } from "./deadline.ts";
import { retry, type RetryOptions } from "./retry.ts";

const requestOf = (attempt: number): RequestContext =>
  ({ attempt, deadlineAt: Number.POSITIVE_INFINITY }) as RequestContext;

describe("four hops of three tries each over a leaf that always fails", () => {
  /** How often the leaf is asked for one call at the top. */
  function leafCalls(options: RetryOptions): number {
    let asked = 0;
    const leaf = (): { status: number } => ((asked += 1), { status: 500 });
    const how = { initialBackoff: 0, budget: false, ...options } as const;
    let below = simulate(leaf);
    below.through(retry(how, below.runtime), deadlineHeaders());
    for (let hop = 1; hop < 4; hop++) {
      const next = below;
      const world = simulate(
        (attempt) => {
          const answer = ({ status }: { status: number }): void => {
            if (attempt.answered(answered(status, 1))) attempt.finish();
          };
          const told = attempt.addedHeaders.indexOf(headers.attempt);
          const request = requestOf(told < 0 ? 1 : Number(attempt.addedHeaders[told + 1]));
          runInContext(request, () => next.start(answer));
          return {};
        },
        { time: next.time },
      );
      below = world.through(retry(how, world.runtime), deadlineHeaders());
    }
    below.one();
    return asked;
  }

  test("ask it nine times: whoever is a repetition repeats nothing", () => {
    expect(leafCalls({})).toBe(9);
  });

  test("ask it 81 times when that is switched off", () => {
    expect(leafCalls({ evenWhenRepeated: true })).toBe(81);
  });
});
