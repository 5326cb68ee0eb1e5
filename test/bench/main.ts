import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { cpus } from "node:os";
import { variants } from "./variants.ts";

/**
 * `npm run bench`: what the whole pipeline costs against raw undici in the same run. CPU time of the client per request, one process per
 * variant and round, order shuffled, divided by the mean of the round's two baselines. Read ratios, not absolutes.
 */
interface Setting {
  readonly title: string;
  readonly concurrency: number;
  readonly warmUpCpuMs: number;
  readonly requests: number;
}

const settings: readonly Setting[] = [
  { title: "hot, 64 at once", concurrency: 64, warmUpCpuMs: 1_500, requests: 60_000 },
  { title: "hot, one by one", concurrency: 1, warmUpCpuMs: 1_500, requests: 15_000 },
  { title: "cold, 64 at once", concurrency: 64, warmUpCpuMs: 300, requests: 3_000 },
  { title: "cold, one by one", concurrency: 1, warmUpCpuMs: 300, requests: 1_500 },
];
const baselines = ["undici request", "undici request, again"];
const rounds = Number(process.env.ENMESH_BENCH_ROUNDS ?? 10);
const wanted = process.argv[2];

const pins = cpus().length > 1 && has("taskset");
const server = await startServer();
console.log(
  `Node ${process.version}, ${rounds} rounds, CPU time per request${pins ? ", client and server on a core each" : ""}`,
);
for (const setting of settings) if (wanted === undefined || setting.title.includes(wanted)) await measure(setting);
server.process.disconnect();

async function measure(setting: Setting): Promise<void> {
  const ratios = new Map<string, number[]>();
  const absolutes = new Map<string, number[]>();
  for (let round = 1; round <= rounds; round++) {
    const results = new Map<string, number>();
    for (const name of shuffled(Object.keys(variants))) {
      if (process.stdout.isTTY)
        process.stdout.write(`\r\u001b[K${setting.title}: round ${round} of ${rounds}, ${name}`);
      results.set(name, await measured(setting, name));
    }
    const divisor = baselines.reduce((sum, name) => sum + (results.get(name) ?? 0), 0) / baselines.length;
    for (const [name, result] of results) {
      push(ratios, name, result / divisor);
      push(absolutes, name, result);
    }
  }
  if (process.stdout.isTTY) process.stdout.write("\r\u001b[K");
  console.log(`\n${setting.title}`);
  for (const name of Object.keys(variants)) {
    const sorted = (ratios.get(name) ?? []).toSorted((one, other) => one - other);
    const micros = median((absolutes.get(name) ?? []).toSorted((one, other) => one - other));
    console.log(
      `  ${name.padEnd(24)} ${median(sorted).toFixed(2)}  (${sorted[0]?.toFixed(2)}–${sorted.at(-1)?.toFixed(2)})  ${micros.toFixed(1)} µs`,
    );
  }
}

function measured(setting: Setting, name: string): Promise<number> {
  const task = JSON.stringify({ ...setting, name, port: server.port });
  return new Promise((resolve, reject) => {
    const child = start("client.ts", [task], 0);
    let result: number | undefined;
    child.on("message", (message) => (result = (message as { microseconds: number }).microseconds));
    child.on("exit", (code) =>
      result === undefined ? reject(new Error(`"${name}" ended with code ${code} and no figure`)) : resolve(result),
    );
  });
}

async function startServer(): Promise<{ port: number; process: ChildProcess }> {
  const child = start("answering-server.ts", [], 1);
  const port = await new Promise<number>((resolve) =>
    child.once("message", (message) => resolve((message as { port: number }).port)),
  );
  return { port, process: child };
}

function start(file: string, args: readonly string[], core: number): ChildProcess {
  const child = fork(new URL(file, import.meta.url), args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  if (pins) execFileSync("taskset", ["-a", "-cp", String(core), String(child.pid)], { stdio: "ignore" });
  return child;
}

function has(command: string): boolean {
  try {
    execFileSync(command, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function push(into: Map<string, number[]>, name: string, value: number): void {
  const list = into.get(name) ?? [];
  list.push(value);
  into.set(name, list);
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((value) => ({ value, at: Math.random() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ value }) => value);
}
