import { expect, test } from "vitest";

import { cutOutput } from "./output.ts";

test("a long output is cut at 4 KiB and says so, a short one is left alone", () => {
  expect(cutOutput("fine")).toBe("fine");
  expect(cutOutput("x".repeat(5_000))).toBe(`${"x".repeat(4_096)} ... (captured 4096 of 5000 bytes)`);
  expect(cutOutput(`${"x".repeat(4_095)}é`)).toBe(`${"x".repeat(4_095)} ... (captured 4096 of 4097 bytes)`);
});
