import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRuntime, currentContext, EventChannel, type InboundRecord, type MeshEvent } from "@enmesh/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Inbound, InboundRequest } from "./inbound.ts";
import { untraced } from "./untraced.ts";

class Response extends EventEmitter {
  statusCode = 200;
  headersSent = false;
  writableFinished = false;
  closed = false;
  readonly sent: Record<string, unknown> = {};
  setHeader(name: string, value: unknown): void {
    this.sent[name] = value;
  }
  getHeader(name: string): unknown {
    return this.sent[name];
  }
  end(): void {
    this.headersSent = true;
    this.writableFinished = true;
    this.close();
  }
  close(): void {
    this.closed = true;
    this.emit("close");
  }
}

interface World {
  readonly inbound: Inbound;
  readonly records: InboundRecord[];
  readonly events: MeshEvent[];
  handle(headers?: Record<string, string>, handler?: (response: Response) => void, request?: object): Response;
}

function world(
  options: { isEdge?: boolean; isDraining?: boolean; observe?: () => void; now?: () => number } = {},
): World {
  const records: InboundRecord[] = [];
  const events: MeshEvent[] = [];
  const channel = new EventChannel();
  channel.listen((event) => events.push(event));
  const inbound = new Inbound({
    runtime: createRuntime({
      clock: { now: options.now ?? (() => 1_000), wall: () => 0 },
      random: () => 0.5,
      events: channel,
    }),
    startTrace: untraced,
    observers: [(record) => records.push(record), () => options.observe?.()],
    isEdge: options.isEdge ?? false,
    isDraining: () => options.isDraining ?? false,
  });
  const handle: World["handle"] = (headers = {}, handler = (response) => response.end(), request = {}) => {
    const response = new Response();
    const incoming = { method: "GET", url: "/orders/7?a=1", headers, ...request };
    inbound.handle(incoming as unknown as IncomingMessage, response as unknown as ServerResponse, () =>
      handler(response),
    );
    return response;
  };
  return { inbound, records, events, handle };
}

/** The context in which a handler runs that gets these headers. */
function contextOf(headers: Record<string, string>, isEdge = false): InboundRequest {
  let context: unknown;
  const response = world({ isEdge }).handle(headers, () => (context = currentContext()));
  expect(context).toBeInstanceOf(InboundRequest);
  response.close();
  return context as InboundRequest;
}

const forever = Number.POSITIVE_INFINITY;

describe("an inbound request", () => {
  test("brings its deadline, attempt, id and source", () => {
    const context = contextOf({
      "x-enmesh-deadline-ms": "250",
      "x-enmesh-attempt": "2",
      "x-enmesh-source": "shop/web/v1",
      "x-request-id": "r-1",
    });

    expect(context).toMatchObject({ deadlineAt: 1_250, attempt: 2, requestId: "r-1" });
    expect(context.peer).toEqual({ namespace: "shop", service: "web", version: "v1" });
  });

  test("is waited for until its head is out, then until the call is over, and as an event stream for ever", () => {
    let context: InboundRequest | undefined;
    const keep = (): unknown => (context = currentContext() as InboundRequest);
    const response = world().handle({ "x-enmesh-deadline-ms": "9995;answer=2995" }, keep);
    const before = context?.deadlineAt;
    response.headersSent = true;
    const after = context?.deadlineAt;
    response.setHeader("content-type", "text/event-stream; charset=utf-8");

    expect([before, after, context?.deadlineAt]).toEqual([1_000 + 2_995, 1_000 + 9_995, forever]);
  });

  test("without a limit of the call has the one of the answer", () => {
    expect(contextOf({ "x-enmesh-deadline-ms": ";answer=900" }).deadlineAt).toBe(1_900);
  });

  test("is believed nothing at the edge", () => {
    const context = contextOf(
      { "x-enmesh-deadline-ms": "1", "x-enmesh-attempt": "9", "x-enmesh-source": "a/b/c", "x-request-id": "forged" },
      true,
    );

    expect(context).toMatchObject({ deadlineAt: forever, attempt: 1, peer: undefined });
    expect(context.requestId).not.toBe("forged");
  });

  test.each(["", "-1", "NaN", "1e3", "12.5", "0x10", "9999999999999", "Infinity", "1, 2", " 5", "3600001"])(
    "has no deadline for %j",
    (value) => {
      expect(contextOf({ "x-enmesh-deadline-ms": value }).deadlineAt).toBe(forever);
    },
  );

  test.each([
    ["0", 1],
    ["-3", 1],
    ["two", 1],
    ["3", 3],
    ["999999999999", 100],
  ])("takes attempt %j for %i", (value, attempt) => {
    expect(contextOf({ "x-enmesh-attempt": value }).attempt).toBe(attempt);
  });

  test.each(["a\nb", "é", "x".repeat(129), "a b", ""])("gets an id of ours in place of %j", (value) => {
    expect(contextOf({ "x-request-id": value }).requestId).toMatch(/^[0-9a-f]{24}$/);
  });

  test.each(["web", "a/b", "a/b/c/d", "a//c", "a/b/c\n", "a/<b>/c", `a/b/${"x".repeat(300)}`])(
    "has no peer for %j",
    (value) => {
      expect(contextOf({ "x-enmesh-source": value }).peer).toBeUndefined();
    },
  );

  test("never gets a deadline in the past or an attempt out of bounds, whatever it says", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (deadline, attempt) => {
        const records: unknown[] = [];
        const { inbound, handle } = world({ observe: () => records.push(1) });
        handle({ "x-enmesh-deadline-ms": deadline, "x-enmesh-attempt": attempt });
        expect(records).toHaveLength(1);
        expect(inbound.running).toBe(0);
      }),
    );
  });

  test("is refused before its handler when nobody waits any more, and may be repeated elsewhere", () => {
    const { handle, records } = world();
    let ran = false;

    const response = handle({ "x-enmesh-deadline-ms": "0" }, () => (ran = true));

    expect(ran).toBe(false);
    expect(response.statusCode).toBe(504);
    expect(response.sent["x-enmesh-shed"]).toBe("1");
    expect(records[0]).toMatchObject({ status: 504, refusedWith: "ENMESH_DEADLINE_EXCEEDED" });
  });

  test("is told apart from its query in what is recorded", () => {
    const { handle, records } = world();

    handle({}, undefined, { originalUrl: "/mounted/orders/7?secret=1", url: "/7" });

    expect(records[0]).toMatchObject({ path: "/mounted/orders/7", status: 200, isAborted: false });
  });

  test("is answered with a word of farewell while draining", () => {
    expect(world({ isDraining: true }).handle().sent).toEqual({ connection: "close", "x-enmesh-draining": "1" });
    expect(world().handle().sent).toEqual({});
  });

  test("is not one when it only asks whether somebody is there", () => {
    const { handle, records, inbound } = world();

    const response = handle({}, () => expect.unreachable(), { method: "OPTIONS", url: "*" });

    expect(response.statusCode).toBe(204);
    expect(records).toEqual([]);
    expect(inbound.running).toBe(0);
  });

  test("harms nobody when an observer of it fails", () => {
    const { handle, inbound, events } = world({
      observe: () => {
        throw new Error("broken");
      },
    });

    handle();

    expect(inbound.running).toBe(0);
    expect(events.map(({ type }) => type)).toEqual(["observer.failed"]);
  });
});

describe("the signal of a request", () => {
  test("aborts when the caller goes away", () => {
    let signal: AbortSignal | undefined;
    const response = world().handle({}, () => (signal = (currentContext() as InboundRequest).signal));
    expect(signal?.aborted).toBe(false);

    response.close();

    expect(signal?.reason).toMatchObject({ code: "ENMESH_CANCELLED" });
  });

  test("is aborted for whoever asks when the caller is gone already, and is not when it had its answer", () => {
    let gone: InboundRequest | undefined;
    world()
      .handle({}, () => (gone = currentContext() as InboundRequest))
      .close();
    expect(gone?.signal.aborted).toBe(true);

    let answered: InboundRequest | undefined;
    world()
      .handle({}, () => (answered = currentContext() as InboundRequest))
      .end();
    expect(answered?.signal.aborted).toBe(false);
  });

  test("aborts when the caller stops waiting", async () => {
    let signal: AbortSignal | undefined;
    const response = world({ now: () => performance.now() }).handle(
      { "x-enmesh-deadline-ms": "5" },
      () => (signal = (currentContext() as InboundRequest).signal),
    );

    await new Promise((resolve) => signal?.addEventListener("abort", resolve));

    expect(signal?.reason).toMatchObject({ code: "ENMESH_DEADLINE_EXCEEDED" });
    response.end();
  });
});

describe("inbound", () => {
  test("counts what runs, and calls back when nothing does", () => {
    const { inbound, handle } = world();
    const response = handle({}, () => {});
    let isIdle = false;
    inbound.whenIdle(() => (isIdle = true));
    expect([inbound.running, isIdle]).toEqual([1, false]);

    response.end();

    expect([inbound.running, isIdle]).toEqual([0, true]);
  });

  test("does not count a request whose caller left before it came here", () => {
    const { inbound } = world();
    const response = Object.assign(new Response(), { closed: true });
    let ran = false;

    inbound.handle({ headers: {} } as IncomingMessage, response as unknown as ServerResponse, () => (ran = true));

    expect([inbound.running, ran]).toEqual([0, true]);
  });
});
