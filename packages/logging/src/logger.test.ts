import { runInContext } from "@enmesh/core";
import { describe, expect, test } from "vitest";
import { createLogger } from "./index.ts";
import { collected } from "../test/collected.ts";

describe("a logger", () => {
  test("says in every line who wrote it", () => {
    const { lines, logger } = collected();

    logger.info("started");

    expect(lines()).toEqual([
      expect.objectContaining({ level: 30, service: "web", version: "1.2.0", instance: "web-1", msg: "started" }),
    ]);
  });

  test("inside a request, says which: trace, span, flags and request id", () => {
    const { lines, logger } = collected();
    const trace = {
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      spanId: "00f067aa0ba902b7",
      isSampled: true,
      traceState: undefined,
    };

    runInContext({ deadlineAt: Number.POSITIVE_INFINITY, attempt: 1, trace, requestId: "r-7" }, () =>
      logger.info({ order: 7 }, "placed"),
    );
    logger.info("outside");

    const [inside, outside] = lines();
    expect(inside).toMatchObject({
      trace_id: trace.traceId,
      span_id: trace.spanId,
      trace_flags: "01",
      request_id: "r-7",
      order: 7,
    });
    expect(outside).not.toHaveProperty("trace_id");
  });

  test("keeps to its level, and follows when the level changes", () => {
    const { lines, logger } = collected({ level: "warn" });

    logger.info("no");
    logger.level = "info";
    logger.info("yes");

    expect(lines().map(({ msg }) => msg)).toEqual(["yes"]);
  });

  test("writes to standard output when no destination is given", () => {
    expect(
      createLogger({ identity: { service: "web", instanceId: "1", version: "1", namespace: "shop" }, level: "silent" })
        .level,
    ).toBe("silent");
  });
});
