import { fileURLToPath } from "node:url";
import { MeshError } from "enmesh";
import { describe, expect, test } from "vitest";
import { mistakes } from "./fixtures/mesh/bad-input.ts";
import { spawnNode } from "./support/processes.ts";

describe("bad input", () => {
  test.each(Object.entries(mistakes))("%s is told plainly", async (_, { code, says, make }) => {
    const error: unknown = await make().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );

    expect(error).toBeInstanceOf(MeshError);
    expect(error).toMatchObject({ code });
    const { message } = error as MeshError;
    expect(message.startsWith(`${code}: `)).toBe(true);
    for (const part of says) expect(message).toMatch(part);
  });

  test("crashes nothing, and leaves nothing behind", async () => {
    const script = fileURLToPath(new URL("fixtures/mesh/bad-input.ts", import.meta.url));
    const running = spawnNode("--unhandled-rejections=strict", { args: [script] });

    const exit = await running.exited;

    const expected = Object.entries(mistakes).map(([name, { code }]) => `${name}: ${code}`);
    expect(running.lines).toEqual([...expected, "all done"]);
    expect(exit).toEqual({ code: 0, signal: null });
  });
});
