import { runInContext } from "@enmesh/core";
import { simulate } from "@enmesh/core/simulation";
import { describe, expect, test } from "vitest";
import { passOnRequestId, randomRequestId } from "./request-id.ts";

describe("passOnRequestId", () => {
  const once = { name: "once", again: () => undefined };
  const context = { deadlineAt: Number.POSITIVE_INFINITY, attempt: 1, trace: undefined, requestId: "r-7" };

  function sentHeaders(within: typeof context | undefined): readonly string[] {
    const sent: string[] = [];
    const world = simulate((attempt) => {
      sent.push(...attempt.addedHeaders);
      return { status: 200 };
    });
    runInContext(within, () => world.through(once, passOnRequestId()).one());
    return sent;
  }

  test("gives a call the id of the request it is made for", () => {
    expect(sentHeaders(context)).toEqual(["x-request-id", "r-7"]);
  });

  test("adds nothing outside of a request", () => {
    expect(sentHeaders(undefined)).toEqual([]);
  });
});

test("a request id is 24 hexadecimal digits", () => {
  expect(randomRequestId(Math.random)).toMatch(/^[0-9a-f]{24}$/);
});
