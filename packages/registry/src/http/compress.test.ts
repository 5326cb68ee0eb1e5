import { afterEach, describe, expect, test, vi } from "vitest";

import { started, stopAll } from "../../test/started.ts";

// Real sockets, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });
afterEach(stopAll);

describe("compression", () => {
  test("squeezes what is large, for who takes it, and nothing else", async () => {
    const { ask, put } = await started();
    await put("/v1/kv/large", "x".repeat(2_000));
    await put("/v1/kv/small", "x".repeat(500));
    const get = (path: string, accepted?: string) =>
      ask("GET", path, undefined, accepted === undefined ? {} : { "accept-encoding": accepted });

    const [zipped, plain, refused, small] = await Promise.all([
      get("/v1/kv/large?raw", "deflate, gzip"),
      get("/v1/kv/large?raw"),
      get("/v1/kv/large?raw", "gzip;q=0"),
      get("/v1/kv/small?raw", "gzip"),
    ]);

    expect([zipped, plain, refused, small].map(({ headers }) => headers["content-encoding"])).toEqual([
      "gzip",
      undefined,
      undefined,
      undefined,
    ]);
    expect([zipped, plain].map(({ headers }) => headers["vary"])).toEqual(["Accept-Encoding", "Accept-Encoding"]);
    expect(Number(zipped.headers["content-length"])).toBeLessThan(200);
    expect(plain.body).toHaveLength(2_000);
  });

  test("comes back the same through a client that asks for it", async () => {
    const { registry, put } = await started();
    await put("/v1/kv/large", "x".repeat(200_000));

    const answer = await fetch(`${registry.url}/v1/kv/large?raw`);

    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect(await answer.text()).toBe("x".repeat(200_000));
  });
});
