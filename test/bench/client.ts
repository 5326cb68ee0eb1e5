import { variants } from "./variants.ts";

interface Task {
  readonly name: string;
  readonly port: number;
  readonly concurrency: number;
  readonly warmUpCpuMs: number;
  readonly requests: number;
}

/**
 * Measures one variant in a process of its own: warms up by CPU time (a wall-clock warm-up of a slow moment measures the compiler), then
 * counts the processor time of the whole process, garbage collector and compiler threads included, per request.
 */
const task = JSON.parse(process.argv[2] ?? "{}") as Task;
const variant = variants[task.name];
if (variant === undefined) throw new Error(`no variant "${task.name}"`);
const { call, close } = await variant(task.port);

async function run(isOver: () => boolean): Promise<number> {
  let made = 0;
  const worker = async (): Promise<void> => {
    while (!isOver()) {
      made += 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: task.concurrency }, worker));
  return made;
}

const cpuMs = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1_000;
};

const beforeWarmUp = process.cpuUsage();
await run(() => cpuMs(beforeWarmUp) >= task.warmUpCpuMs);
const before = process.cpuUsage();
let started = 0;
const requests = await run(() => ++started > task.requests);
process.send?.({ microseconds: (cpuMs(before) * 1_000) / requests });
await close();
process.disconnect();
