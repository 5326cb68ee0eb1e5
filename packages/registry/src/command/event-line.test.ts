import { expect, test } from "vitest";

import { eventLine } from "./event-line.ts";

const changed = {
  type: "check.changed",
  service: "orders",
  id: "orders-1",
  check: "service:orders-1",
  from: "passing",
  to: "critical",
  output: "TTL expired",
};

test("a change of status is one line, coloured only on demand", () => {
  expect(eventLine(changed, false)).toBe("critical     orders (orders-1), was passing: TTL expired");
  expect(eventLine(changed, true)).toBe("\u001B[31mcritical\u001B[0m     orders (orders-1), was passing: TTL expired");
});

test("what clients send cannot write to the terminal", () => {
  expect(eventLine({ ...changed, output: "a\n\u001B[2Jb\u0007" }, false)).toBe(
    "critical     orders (orders-1), was passing: a [2Jb ",
  );
});

test("without a data directory the start line says that all is in memory", () => {
  const started = { type: "registry.started", url: "http://127.0.0.1:8500", dataDirectory: undefined, recovered: 0 };

  expect(eventLine(started, false)).toBe(
    "Enmesh registry on http://127.0.0.1:8500, in memory only (--data-dir keeps it)",
  );
});
