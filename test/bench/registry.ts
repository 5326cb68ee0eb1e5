import { catalogEntry, registration, request } from "./registry/requests.ts";
import { percentile, requestsPerSecond, sendAll, sleep, wakeTimes } from "./registry/load.ts";
import { pins, residentMegabytes, startOurs, startReal, type Server } from "./registry/servers.ts";
import { type Row, tableOf } from "./registry/table.ts";

/**
 * `npm run bench:registry`: our registry and a real Consul, in turns, on the same core, the same disk and under the same
 * load from raw sockets. Of the rounds the best counts, for both: a busy machine only makes it look worse. Read the ratios.
 */
interface Figure {
  readonly rows: readonly Row[];
  readonly rounds: number;
  /** One value for each row. */
  readonly measure: (server: Server, round: number) => Promise<readonly number[]>;
}

const isQuick = process.env["ENMESH_BENCH_QUICK"] === "1";
const rounds = isQuick ? 1 : 3;
const load = { connections: 32, depth: 16, warmUpMs: isQuick ? 700 : 1_500, measureMs: 2_000 };
const beaters = 500;

/** On servers of their own: a Consul agent that has thousands of services is slow in all it does. */
const registrations: Figure = {
  rows: [{ name: "registrations, each on disk", unit: "/s", isBetterWhen: "higher" }],
  rounds,
  measure: async ({ url }, round) => {
    const next = (n: number): Buffer => registration(`churn-${n % 10}`, `churn-${n % 2_000}`, "", `${round}.${n}`);
    return [await requestsPerSecond({ ...load, url, next })];
  },
};

const heartbeats: Figure = {
  rows: [{ name: "heartbeats", unit: "/s", isBetterWhen: "higher", must: { times: 20 }, aim: { times: 60 } }],
  rounds,
  measure: async ({ url }, round) => {
    const ids = Array.from({ length: beaters }, (_, at) => `beat-${at}`);
    if (round === 0)
      await sendAll(
        url,
        ids.map((id) => registration("beat", id)),
      );
    const beats = ids.map((id) => request("PUT", `/v1/agent/check/pass/service:${id}`));
    return [await requestsPerSecond({ ...load, url, next: (n) => beats[n % beats.length] as Buffer })];
  },
};

const reads: Figure = {
  rows: [{ name: "reads of 20 healthy instances", unit: "/s", isBetterWhen: "higher" }],
  rounds,
  measure: async ({ url }, round) => {
    if (round === 0)
      await sendAll(
        url,
        some(20, (at) => registration("read", `read-${at}`, "passing")),
      );
    await sleep(200);
    const read = request("GET", "/v1/health/service/read?passing");
    return [await requestsPerSecond({ ...load, url, next: () => read })];
  },
};

const memory: Figure = {
  rows: [
    {
      name: "memory with 10,000 instances",
      unit: "MB",
      isBetterWhen: "lower",
      must: { most: 400 },
      aim: { most: 250 },
    },
    { name: "all 10,000 read, after a change in each of 100 services", unit: "ms", isBetterWhen: "lower" },
    { name: "all 10,000 read again", unit: "ms", isBetterWhen: "lower" },
  ],
  rounds: 1,
  measure: async ({ name, url, pid }) => {
    // A Consul agent looks through all its services at each registration, so that as many take minutes: straight to its
    // catalog then, which spares it the leases.
    const list = name === "Consul" ? catalogEntry : registration;
    const all = some(10_000, (at) => list(`many-${at % 100}`, `many-${at}`, "passing"));
    await sendAll(url, all, { connections: 32, depth: 4 });
    const megabytes = residentMegabytes(pid);
    await sendAll(
      url,
      some(100, (at) => registration(`many-${at}`, `many-${at}-new`, "passing")),
    );
    const readsOfAll = some(100, (at) => request("GET", `/v1/health/service/many-${at}`));
    return [megabytes, (await sendAll(url, readsOfAll)).ms, (await sendAll(url, readsOfAll)).ms];
  },
};

console.log(
  `Node ${process.version}; ${pins ? "servers on one core, load on another" : "servers and load share the cores"}\n`,
);
const results = new Map<Row, Map<string, number>>();
for (const series of [[registrations], [heartbeats, reads, ...[1, 100, 1_000].map(wakes)], [memory]]) {
  const servers = [process.env["ENMESH_BENCH_ALONE"] === "1" ? undefined : await startReal(), await startOurs()];
  const started = servers.filter((server) => server !== undefined);
  try {
    for (const figure of series) await measure(figure, started);
  } finally {
    for (const server of started) process.kill(server.pid, "SIGCONT");
    for (const server of started) await server.stop();
  }
}
const { text, isMissed } = tableOf(results);
console.log(text);
if (isMissed) process.exitCode = 1;

async function measure({ rows, rounds: all, measure: once }: Figure, servers: readonly Server[]): Promise<void> {
  for (let round = 0; round < all; round++) {
    for (const server of servers) {
      // The other one has work to do for a while after each round.
      for (const other of servers) if (other !== server) process.kill(other.pid, "SIGSTOP");
      process.kill(server.pid, "SIGCONT");
      await sleep(300);
      // It takes minutes: say how far it is, apart from the results.
      console.error(`${rows[0]?.name}, round ${round + 1} of ${all}: ${server.name}`);
      const values = await once(server, round);
      for (const [at, row] of rows.entries()) {
        const best = row.isBetterWhen === "higher" ? Math.max : Math.min;
        const kept = results.get(row) ?? new Map<string, number>();
        const value = values[at] ?? Number.NaN;
        results.set(row, kept.set(server.name, best(kept.get(server.name) ?? value, value)));
      }
    }
  }
}

function wakes(watchers: number): Figure {
  const service = `watched-${watchers}`;
  const name = `change until watcher, ${watchers.toLocaleString("en")} watching`;
  const bounds = watchers === 1_000 ? { must: { most: 50 }, aim: { most: 20 } } : {};
  return {
    rows: [
      { name: `${name}, p50`, unit: "ms", isBetterWhen: "lower" },
      { name: `${name}, p99`, unit: "ms", isBetterWhen: "lower", ...bounds },
    ],
    rounds,
    measure: async ({ url }, round) => {
      if (round === 0)
        await sendAll(
          url,
          some(10, (at) => registration(service, `${service}-${at}`, "passing")),
        );
      const changes = Math.max(10, Math.ceil(40 / watchers)) + 3;
      const change = (n: number): Buffer => registration(service, `${service}-0`, "passing", `${round}.${n}`);
      const taken = await wakeTimes({ url, service, watchers, changes, change });
      // The first waves find code that has never run.
      const kept = taken.slice(3 * watchers);
      return [percentile(kept, 0.5), percentile(kept, 0.99)];
    },
  };
}

function some(count: number, make: (at: number) => Buffer): Buffer[] {
  return Array.from({ length: count }, (_, at) => make(at));
}
