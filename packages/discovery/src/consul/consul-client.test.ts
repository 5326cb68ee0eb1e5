import { describe, expect, test } from "vitest";

import { rejectionOf, world, type World } from "../scripted/fakes.ts";
import { type CallOptions, ConsulClient } from "./consul-client.ts";

const url = "http://someone:secret@127.0.0.1:9/team/";

function setting(): World & { client: ConsulClient } {
  const here = world();
  return { ...here, client: new ConsulClient({ url, token: "t", runtime: here.runtime }) };
}

/** A request that is never answered; like a real one it fails when it is cancelled. */
function hang(_consul: unknown, { ctx }: CallOptions): Promise<unknown> {
  return new Promise((_resolve, reject) => ctx.once("cancel", () => reject(new Error("request aborted"))));
}

describe("a question", () => {
  test("has the token, and its answer the headers", async () => {
    const { client } = setting();
    let token: string | undefined;

    const answer = await client.ask((_consul, call) => {
      token = call.token;
      return Promise.resolve([{ headers: { "x-consul-index": "7" } }, ["body"]]);
    }, 1_000).answer;

    expect(answer).toEqual({ headers: { "x-consul-index": "7" }, body: ["body"] });
    expect(token).toBe("t");
  });

  test("fails when its time is over", async () => {
    const { client, pass } = setting();

    const failure = rejectionOf(client.ask(hang, 1_000).answer);
    await pass(1_000);

    await expect(failure).resolves.toMatchObject({
      code: "ENMESH_REGISTRY_UNREACHABLE",
      message: expect.stringContaining("no answer within 1000 ms"),
    });
  });

  test("gets more time, once, when our own loop was blocked", async () => {
    const { client, pass, time, runtime } = setting();
    let failedAt = 0;
    void rejectionOf(client.ask(hang, 1_000).answer).then(() => (failedAt = time.now()));

    runtime.distrustsItselfUntil = 1_400;
    await pass(3_000);

    expect(failedAt).toBe(1_400);
  });

  test("is never sent when it was cancelled before, or when the client is closed", async () => {
    const { client } = setting();
    let sent = 0;
    const send = (): Promise<unknown> => Promise.resolve((sent += 1));

    const cancelled = client.ask(send, 1_000);
    cancelled.cancel();
    const outcomes = [rejectionOf(cancelled.answer)];
    client.close();
    outcomes.push(rejectionOf(client.ask(send, 1_000).answer));

    expect((await Promise.all(outcomes)).every((error) => error instanceof Error)).toBe(true);
    expect(sent).toBe(0);
  });

  test("under way fails at once when the client is closed", async () => {
    const { client, pass } = setting();

    const failure = rejectionOf(client.ask(hang, 60_000).answer);
    await pass(1);
    client.close();

    await expect(failure).resolves.toBeInstanceOf(Error);
  });
});

test("the name tells where, and no credentials", () => {
  expect(setting().client.name).toBe("registry http://127.0.0.1:9/team");
});

test.each(["", "127.0.0.1:8500", "ftp://127.0.0.1", "orders"])("%j is no url of a registry", (wrong) => {
  expect(() => new ConsulClient({ url: wrong, runtime: world().runtime })).toThrow(
    /url: must be like "http:\/\/127.0.0.1:8500"/,
  );
});
