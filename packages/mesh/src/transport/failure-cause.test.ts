import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { causeOf } from "./failure-cause.ts";

const failed = (code?: string): Error => Object.assign(new Error("failed"), code === undefined ? {} : { code });
const waiting = { wasStarted: false, hasAnswer: false, body: undefined };
const sent = { ...waiting, wasStarted: true };

describe("causeOf", () => {
  test.each([
    "ECONNREFUSED",
    "ENOTFOUND",
    "UND_ERR_CONNECT_TIMEOUT",
    "UND_ERR_DESTROYED",
    "ERR_TLS_CERT_ALTNAME_INVALID",
  ])("calls %s before the request was written a failure to connect", (code) => {
    expect(causeOf(failed(code), waiting)).toBe("connect");
  });

  // A host that becomes unreachable breaks established connections as well, and a pool that is destroyed breaks what runs.
  test.each([
    "ECONNRESET",
    "EPIPE",
    "UND_ERR_SOCKET",
    "HPE_INVALID_CONSTANT",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "UND_ERR_DESTROYED",
  ])("calls %s after the request was written a reset: it may have run", (code) => {
    expect(causeOf(failed(code), sent)).toBe("reset");
  });

  test("calls whatever comes after the headers a broken body", () => {
    expect(causeOf(failed("ECONNRESET"), { ...sent, hasAnswer: true })).toBe("body");
  });

  test.each(["UND_ERR_INVALID_ARG", "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH", "UND_ERR_NOT_SUPPORTED"])(
    "blames the request for %s",
    (code) => {
      expect(causeOf(failed(code), waiting)).toBe("error");
    },
  );

  test("blames the request when its own body failed", async () => {
    const broken = failed("ENOENT");
    const body = new Readable({ read() {} });
    body.on("error", () => {}).destroy(broken);
    await new Promise(setImmediate);

    expect(causeOf(broken, { ...sent, body })).toBe("error");
    expect(causeOf(failed("ENOENT"), { ...sent, body })).toBe("reset");
    expect(causeOf(failed(), sent)).toBe("error");
  });
});
