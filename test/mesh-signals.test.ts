import { spawnNode, type Running } from "./support/processes.ts";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const source = fileURLToPath(new URL("../packages/mesh/src/signals.ts", import.meta.url));

async function program(body: string): Promise<Running> {
  const code = `
    import { setTimeout as sleep } from "node:timers/promises";
    import { endOnSignals } from ${JSON.stringify(source)};
    setInterval(() => {}, 1_000);
    ${body}
    console.log("ready");
  `;
  const running = spawnNode("--input-type=module", { args: ["-e", code] });
  await running.waitForLine(/ready/);
  return running;
}

describe("a signal", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("%s lets the process leave before it ends", async (signal) => {
    const running = await program(`endOnSignals(async () => { await sleep(50); console.log("left"); });`);

    expect(await running.kill(signal)).toEqual({ code: 0, signal: null });
    expect(running.lines).toEqual(["ready", "left"]);
  });

  test("lets all meshes of the process leave", async () => {
    const running = await program(`
      endOnSignals(async () => console.log("one left"));
      endOnSignals(async () => { await sleep(100); console.log("other left"); });
    `);

    expect(await running.kill()).toEqual({ code: 0, signal: null });
    expect(running.lines).toEqual(["ready", "one left", "other left"]);
  });

  test("that comes twice at once is one wish, and a later one ends the process at once", async () => {
    const running = await program(`endOnSignals(() => { console.log("leaving"); return sleep(60_000); });`);
    running.signal("SIGINT");
    await running.waitForLine(/leaving/);
    running.signal("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 1_100));

    expect(await running.kill("SIGINT")).toEqual({ code: 130, signal: null });
  });

  test("ends with 1 when leaving failed, and as ever once nobody minds any more", async () => {
    const failing = await program(`endOnSignals(async () => { throw new Error("no"); });`);
    expect(await failing.kill()).toEqual({ code: 1, signal: null });

    const unminded = await program(`endOnSignals(async () => {})();`);
    expect(await unminded.kill()).toEqual({ code: null, signal: "SIGTERM" });
  });
});
