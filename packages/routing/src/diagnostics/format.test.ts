import { expect, test } from "vitest";

import { loadResources } from "../resources/load.ts";
import { formatDiagnostics } from "./format.ts";

const format = (text: string): string => formatDiagnostics(loadResources([{ name: "mesh/a.yaml", text }]).diagnostics);

test("a diagnostic shows its place, what is wrong, the line and a caret", () => {
  const text = "apiVersion: networking.istio.io/v1\nkind: VirtualServce\n";

  expect(format(text).split("\n")).toEqual([
    'mesh/a.yaml:2:7: error ENMESH_R011 VirtualServce/? kind: Istio has no kind "VirtualServce". Did you mean "VirtualService"?',
    "2 | kind: VirtualServce",
    "          ^",
  ]);
});

test("a very long line is cut around the place", () => {
  const [, line = "", caret = ""] = format(
    `{ apiVersion: networking.istio.io/v1, x: "${"y".repeat(5_000)}", kind: Nothing }`,
  ).split("\n");

  expect(line.length).toBeLessThan(200);
  expect(line.slice(caret.indexOf("^"))).toMatch(/^Nothing/);
});

test("no control character of a file reaches the terminal", () => {
  expect(format('apiVersion: networking.istio.io/v1\nkind: "\\e[31mred\u009B31m"\n')).not.toMatch(/[\u001B\u009B]/);
});

test("nothing to say is nothing", () => {
  expect(formatDiagnostics([])).toBe("");
});
