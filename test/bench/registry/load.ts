import { Connection, type Reply } from "./connection.ts";
import { request } from "./requests.ts";

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  /** Requests that each connection has on their way at a time. */
  readonly depth: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** The n-th request. */
  readonly next: (count: number) => Buffer;
}

/** Keeps every connection busy and tells how many requests a second were answered. */
export async function requestsPerSecond({
  url,
  connections,
  depth,
  warmUpMs,
  measureMs,
  next,
}: LoadOptions): Promise<number> {
  let [sent, answered, isOver] = [0, 0, false];
  const failures = new Map<number, number>();
  const open: Connection[] = [];
  await Promise.all(
    Array.from({ length: connections }, async () => {
      let waiting = 0;
      const connection: Connection = await Connection.open(url, ({ status }: Reply) => {
        answered += 1;
        if (status !== 200) failures.set(status, (failures.get(status) ?? 0) + 1);
        if ((waiting -= 1) === 0 && !isOver) fill();
      });
      open.push(connection);
      // A whole batch at a time: one write for many requests keeps this side cheap.
      const fill = (): void => {
        waiting = depth;
        connection.send(Buffer.concat(Array.from({ length: depth }, () => next(sent++))));
      };
      fill();
    }),
  );
  await sleep(warmUpMs);
  const [before, beganAt] = [answered, performance.now()];
  await sleep(measureMs);
  const rate = (answered - before) / ((performance.now() - beganAt) / 1_000);
  isOver = true;
  for (const connection of open) connection.close();
  if (failures.size > 0) throw new Error(`answers other than 200: ${JSON.stringify([...failures])}`);
  return rate;
}

/** Sends requests over a few connections and resolves when each has its answer: how long that took, and how many bytes. */
export async function sendAll(
  url: string,
  requests: readonly Buffer[],
  { connections = 8, depth = 1 } = {},
): Promise<{ ms: number; bytes: number }> {
  let [next, answered, bytes] = [0, 0, 0];
  const beganAt = performance.now();
  return new Promise((resolve, reject) => {
    const open: Connection[] = [];
    const finish = (): void => {
      for (const connection of open) connection.close();
      resolve({ ms: performance.now() - beganAt, bytes });
    };
    for (let at = 0; at < connections; at++) {
      void Connection.open(url, (reply) => {
        answered += 1;
        bytes += reply.bytes;
        if (reply.status !== 200) reject(new Error(`status ${reply.status}`));
        if (answered === requests.length) finish();
        else sendNext();
      }).then((connection) => {
        open.push(connection);
        for (let count = 0; count < depth; count++) sendOn(connection);
      }, reject);
    }
    let turn = 0;
    function sendNext(): void {
      const connection = open[turn++ % open.length];
      if (connection !== undefined) sendOn(connection);
    }
    function sendOn(connection: Connection): void {
      const bytesToSend = requests[next++];
      if (bytesToSend !== undefined) connection.send(bytesToSend);
    }
  });
}

export interface WatchOptions {
  readonly url: string;
  readonly service: string;
  readonly watchers: number;
  readonly changes: number;
  /** Makes the n-th change and resolves when it is answered. */
  readonly change: (count: number) => Buffer;
}

/** From the moment a change is sent until a watcher has the last byte of the new answer, for every watcher and change. */
export async function wakeTimes({ url, service, watchers, changes, change }: WatchOptions): Promise<number[]> {
  const times: number[] = [];
  let [sentAt, awake, allAwake]: [number, number, () => void] = [0, 0, () => {}];
  const open: Connection[] = [];
  const ready: (() => void)[] = [];
  const path = `/v1/health/service/${service}`;
  const first = await firstIndex(url, path);
  const watch = (index: string): Buffer => request("GET", `${path}?index=${index}&wait=300s`);

  await Promise.all(
    Array.from({ length: watchers }, async () => {
      const connection: Connection = await Connection.open(url, ({ index }) => {
        times.push(performance.now() - sentAt);
        // All ask again in one go, once the wave is over: each wave then starts from the same calm.
        ready.push(() => connection.send(watch(index)));
        if ((awake += 1) === watchers) allAwake();
      });
      open.push(connection);
      connection.send(watch(first));
    }),
  );
  const writer = await Connection.open(url, () => {});
  for (let count = 0; count < changes; count++) {
    // Time for everybody to be waiting.
    await sleep(100 + watchers / 4);
    awake = 0;
    const wave = new Promise<void>((resolve) => (allAwake = resolve));
    sentAt = performance.now();
    writer.send(change(count));
    await wave;
    for (const again of ready.splice(0)) again();
  }
  for (const connection of [...open, writer]) connection.close();
  return times;
}

async function firstIndex(url: string, path: string): Promise<string> {
  const answer = await fetch(url + path);
  await answer.arrayBuffer();
  return answer.headers.get("x-consul-index") ?? "1";
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
