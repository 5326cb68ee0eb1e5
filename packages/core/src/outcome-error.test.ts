import { describe, expect, test } from "vitest";

import { MeshError } from "./errors.ts";
import { refuse } from "./policy.ts";
import { scripted, simulate } from "./simulation/index.ts";
import { errorOf } from "./outcome-error.ts";
import { failed, refused } from "./classify.ts";

describe("the error of a call", () => {
  test("carries every failed attempt, in order, and the original", () => {
    const simulation = simulate(() => ({ fails: "reset" }));
    simulation.through({ name: "loop", again: (call) => (call.attempt < 3 ? 5 : undefined) });
    const exchange = simulation.start();

    simulation.time.advance(100);
    const original = new Error("socket hang up");
    const error = errorOf(exchange, failed("reset", original, 1));

    expect(error).toMatchObject({ code: "ENMESH_CONNECTION_LOST", destination: "upstream", cause: original });
    expect(error.attempts.map(({ attempt, cause }) => [attempt, cause])).toEqual([
      [1, "reset"],
      [2, "reset"],
      [3, "reset"],
    ]);
    expect(error.message).toContain('the call to "upstream"');
    expect(error.message).toContain("after 3 attempts: socket hang up");
  });

  test.each([
    ["connect", "ENMESH_CONNECT_FAILED"],
    ["reset", "ENMESH_CONNECTION_LOST"],
    ["body", "ENMESH_CONNECTION_LOST"],
    ["error", "ENMESH_UPSTREAM_FAILED"],
  ] as const)("for %s has the code %s", (fails, code) => {
    expect(simulate(() => ({ fails })).one().error).toBe(code);
  });

  test("of a refusal is the refusal's own, its message asked for only now", () => {
    let asked = 0;
    const cause = new Error("original");
    const refusal = refuse("ENMESH_CLOSED", () => `asked ${(asked += 1)} times`, { cause, retryAfterMs: 5 });
    const { simulation } = simulate(scripted([200])).start();

    const before = asked;
    const error = errorOf(simulation.start(), refused(refusal, 0));

    expect(before).toBe(0);
    expect(error).toBeInstanceOf(MeshError);
    expect(error).toMatchObject({
      code: "ENMESH_CLOSED",
      message: "ENMESH_CLOSED: asked 1 times",
      cause,
      retryAfterMs: 5,
    });
  });
});
