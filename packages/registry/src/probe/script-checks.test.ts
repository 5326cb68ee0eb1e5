import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, expect, test, vi } from "vitest";

import { started, stopAll } from "../../test/started.ts";

// Real programs, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });
afterEach(stopAll);

const check = JSON.stringify({ Name: "disk", Args: ["sh", "-c", "echo 95 percent; exit 1"], Interval: "1s" });

test("a script runs where scripts were switched on", async () => {
  const { put, get } = await started({ scriptChecks: true });

  const answer = await put("/v1/agent/check/register", check);
  let found: { Status: string; Output: string } | undefined;
  while (found?.Status !== "warning") {
    await sleep(20);
    found = (JSON.parse((await get("/v1/agent/checks")).body) as Record<string, typeof found>)["disk"];
  }

  expect(answer.status).toBe(200);
  expect(found).toMatchObject({ Status: "warning", Output: "95 percent\n", Type: "script" });
});

test("and nowhere else", async () => {
  const { put } = await started();

  expect(await put("/v1/agent/check/register", check)).toMatchObject({
    status: 500,
    body: expect.stringContaining("Scripts are disabled on this agent") as string,
  });
});
