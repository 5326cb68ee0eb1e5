import { createRuntime, type Instance, type InstanceStatus, type MeshEvent } from "@enmesh/core";
import { createDirectory, type Directory, type DiscoverySource, type Registrar } from "@enmesh/discovery";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";

import { tcpGate } from "./tcp-gate.ts";

/** A place that instances are found in, and the hands that put them there. */
export interface SourceGround {
  /** A new source that asks this ground. */
  source(parts: { runtime: ReturnType<typeof createRuntime>; signal?: AbortSignal }): DiscoverySource;
  /** Makes these, and no others, the instances of a service. */
  put(service: string, instances: readonly Instance[]): Promise<void>;
  /** Takes the ground away, and gives it back as it was; absent when that cannot be. */
  readonly outage?: { begin(): Promise<void>; end(): Promise<void> };
  stop(): Promise<void>;
}

export interface SourceTraits {
  readonly name: string;
  start(): Promise<SourceGround>;
  /** The statuses that it can tell. */
  readonly statuses: readonly InstanceStatus[];
  /** What it tells of an instance beside address, port and status. */
  readonly tells: readonly (keyof Instance)[];
  /** How soon a change is to be heard. */
  readonly withinMs: number;
  /** True when it takes what cannot be called, so that the directory must drop it. */
  readonly takesMalformed: boolean;
}

export const everyStatus: readonly InstanceStatus[] = ["STARTING", "UP", "DRAINING", "DOWN", "OUT_OF_SERVICE"];
/** All fields of an instance but those that every source tells. */
export const everything = ["id", "protocol", "labels", "version", "zone", "region", "weight"] as const;

/** What every source of discovery must do, whatever it asks. */
export function describeSource({ name, start, statuses, tells, withinMs, takesMalformed }: SourceTraits): void {
  describe(`discovery from ${name}`, () => {
    const soon = { timeout: withinMs + 10_000, interval: 5 };
    const endings: (() => Promise<unknown> | void)[] = [];
    let ground: SourceGround;
    let made = 0;

    beforeAll(async () => {
      ground = await start();
    });
    afterEach(async () => {
      for (const end of endings.splice(0).toReversed()) await end();
    });
    afterAll(() => ground?.stop());

    async function given(instances: readonly Partial<Instance>[]): Promise<{ service: string; told: Instance[] }> {
      made += 1;
      const service = `orders${made}`;
      const told = instances.map((changes, at) => instanceOf(service, at + 1, changes));
      await ground.put(service, told);
      endings.push(() => ground.put(service, []));
      return { service, told };
    }

    function watching(): { directory: Directory; events: MeshEvent[] } {
      const runtime = createRuntime();
      const events: MeshEvent[] = [];
      runtime.events.listen((event) => events.push(event));
      const directory = createDirectory({ source: ground.source({ runtime }), runtime });
      endings.push(() => directory.close());
      return { directory, events };
    }

    test("tells names, and instances with all that it knows of them", async () => {
      const { service, told } = await given([
        { labels: { team: "shop" }, version: "v2", zone: "a", region: "eu", weight: 3 },
        {},
      ]);
      const { directory } = watching();
      await vi.waitFor(() => expect(directory.names()).toContain(service), soon);
      const view = directory.view(service);
      await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(2), soon);

      const known = ["address", "port", "status", ...tells] as const;
      const seen = view.instances.map((instance) => known.map((field) => instance[field]));
      const expected = told.map(withVersionLabel).map((instance) => known.map((field) => instance[field]));

      expect(seen.toSorted(byPort)).toEqual(expected);
      expect(view.state).toBe("known");
    });

    test("tells of changes: who comes, who goes, who is replaced", async () => {
      const { service, told } = await given([{}, {}]);
      const { directory } = watching();
      await vi.waitFor(() => expect(directory.isKnown(service)).toBe(true), soon);
      const view = directory.view(service);
      const ports = (): number[] =>
        view.snapshot.endpoints.map(({ port }) => port).toSorted((one, other) => one - other);
      await vi.waitFor(() => expect(ports()).toEqual([3001, 3002]), soon);

      const third = instanceOf(service, 3);
      const from = performance.now();
      await ground.put(service, [...told, third]);
      await vi.waitFor(() => expect(ports()).toEqual([3001, 3002, 3003]), soon);
      const tookMs = performance.now() - from;
      await ground.put(service, [told[0] as Instance, third]);
      await vi.waitFor(() => expect(ports()).toEqual([3001, 3003]), soon);

      console.log(`${name}: a change was heard after ${Math.round(tookMs)} ms`);
      expect(tookMs).toBeLessThan(withinMs);
    });

    test.each(statuses)("tells that an instance is %s; only UP takes calls", async (status) => {
      const { service, told } = await given([{}, {}, {}]);
      const { directory } = watching();
      await vi.waitFor(() => expect(directory.isKnown(service)).toBe(true), soon);
      const view = directory.view(service);
      await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(3), soon);

      await ground.put(service, [{ ...(told[0] as Instance), status }, ...told.slice(1)]);
      await vi.waitFor(() => expect(view.instances.find(({ port }) => port === 3001)?.status).toBe(status), soon);

      expect(view.snapshot.endpoints.map(({ port }) => port).includes(3001)).toBe(status === "UP");
    });

    test.runIf(takesMalformed)("loses one malformed instance of ten, and no other", async () => {
      const others = Array.from({ length: 9 }, () => ({}));
      const { service } = await given([...others, { address: "169.254.169.254" }]);
      const { directory, events } = watching();
      await vi.waitFor(() => expect(directory.isKnown(service)).toBe(true), soon);
      const view = directory.view(service);

      await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(9), soon);

      expect(events.filter(({ type }) => type === "discovery.instance_dropped")).toHaveLength(1);
    });

    test("keeps what was known while nobody can be asked, says why, and goes on when somebody can", async ({
      skip,
    }) => {
      if (ground.outage === undefined) return skip();
      const { service, told } = await given([{}, {}]);
      const { directory } = watching();
      await vi.waitFor(() => expect(directory.isKnown(service)).toBe(true), soon);
      const view = directory.view(service);
      await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(2), soon);

      await ground.outage.begin();
      await vi.waitFor(() => expect(view.state).toBe("stale"), soon);
      const during = { endpoints: view.snapshot.endpoints.length, trouble: view.trouble };
      await ground.outage.end();
      await ground.put(service, [...told, instanceOf(service, 3)]);
      await vi.waitFor(() => expect([view.state, view.snapshot.endpoints.length]).toEqual(["known", 3]), soon);

      expect(during.endpoints).toBe(2);
      expect(during.trouble).not.toBe("");
      expect(view.trouble).toBeUndefined();
    });

    test("is silent once it is closed, by hand or by a signal, and leaves no socket behind", async () => {
      const { service } = await given([{}]);
      const before = sockets();
      const runtime = createRuntime();
      const controller = new AbortController();
      const [byHand, bySignal] = [ground.source({ runtime }), ground.source({ runtime, signal: controller.signal })];
      let heard = 0;
      for (const source of [byHand, bySignal])
        source.watchInstances(
          service,
          () => (heard += 1),
          () => (heard += 1),
        );
      await new Promise((resolve) => setTimeout(resolve, 300));

      byHand.close();
      byHand.close();
      controller.abort();
      const until = heard;
      await vi.waitFor(() => expect(sockets()).toBeLessThanOrEqual(before), soon);
      await ground.put(service, [instanceOf(service, 1), instanceOf(service, 2)]);
      await new Promise((resolve) => setTimeout(resolve, Math.min(withinMs, 1_000)));

      expect(heard).toBe(until);
    });
  });
}

/** Puts instances in place through a registrar, and takes back what is to go. */
export function putThrough(registrar: Registrar): SourceGround["put"] {
  const present = new Map<string, Map<string, Instance>>();
  const lease = { ttlMs: 600_000, deregisterAfterMs: 600_000 };
  return async (service, instances) => {
    const before = present.get(service) ?? new Map<string, Instance>();
    for (const old of before.values()) if (!instances.some(({ id }) => id === old.id)) await registrar.deregister(old);
    for (const instance of instances) {
      await registrar.register(instance, lease);
      await registrar.report(instance, instance.status, instance.status);
    }
    present.set(service, new Map(instances.map((instance) => [instance.id, instance])));
  };
}

/** An outage by a door in front of a server of this machine. The server itself goes on. */
export async function gateTo(
  url: string,
): Promise<{ url: string; outage: NonNullable<SourceGround["outage"]>; close(): Promise<void> }> {
  const behind = new URL(url);
  const gate = await tcpGate(Number(behind.port));
  behind.port = String(gate.port);
  behind.hostname = "127.0.0.1";
  return { url: behind.href.replace(/\/$/, ""), outage: { begin: gate.shut, end: gate.open }, close: gate.close };
}

function instanceOf(service: string, number: number, changes: Partial<Instance> = {}): Instance {
  return {
    id: `${service}-${number}`,
    service,
    address: "127.0.0.1",
    port: 3000 + number,
    protocol: "http",
    labels: {},
    weight: 1,
    status: "UP",
    ...changes,
  };
}

function withVersionLabel(instance: Instance): Instance {
  const { version, labels } = instance;
  return version === undefined ? instance : { ...instance, labels: { ...labels, version } };
}

function byPort(one: readonly unknown[], other: readonly unknown[]): number {
  return Number(one[1]) - Number(other[1]);
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => /TCPSocketWrap|UDPWRAP|DNSCHANNEL/i.test(name)).length;
}
