import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { consulBinary } from "../../support/consul.ts";
import { freePort } from "../../support/free-port.ts";
import { spawnProgram, type Running } from "../../support/processes.ts";

/** What is measured: ours or Consul's, each on the same core, each keeping its data on the same disk. */
export interface Server {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A core for the server and one for the load, where there are two and the machine lets us choose. */
export const pins: boolean = availableParallelism() > 1 && has("taskset");
if (pins) execFileSync("taskset", ["-cp", "1", String(process.pid)], { stdio: "ignore" });

export async function startOurs(): Promise<Server> {
  const home = await mkdtemp(join(tmpdir(), "enmesh-bench-"));
  const bin = fileURLToPath(new URL("../../../packages/registry/bin/enmesh-registry.js", import.meta.url));
  const program = pinned(process.execPath, [bin, "--port", "0", "--data-dir", home]);
  const [, url = ""] = await program.waitForLine(/(http:\/\/127\.0\.0\.1:\d+)/);
  return { name: "Enmesh", url, pid: program.pid, stop: () => stopped(program, home) };
}

/** Undefined where there is none. */
export async function startReal(): Promise<Server | undefined> {
  const binary = consulBinary();
  if (binary === undefined) return undefined;
  const home = await mkdtemp(join(tmpdir(), "enmesh-bench-consul-"));
  const config = join(home, "agent.json");
  const [http, server, serfLan, serfWan] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const settings = {
    server: true,
    bootstrap_expect: 1,
    bind_addr: "127.0.0.1",
    client_addr: "127.0.0.1",
    data_dir: join(home, "data"),
    ports: { http, server, serf_lan: serfLan, serf_wan: serfWan, https: -1, dns: -1, grpc: -1 },
    // All the load comes from one address.
    limits: { http_max_conns_per_client: 10_000 },
    disable_update_check: true,
    disable_host_node_id: true,
    log_level: "err",
  };
  await writeFile(config, JSON.stringify(settings));
  const program = pinned(binary, ["agent", "-config-file", config]);
  const url = `http://127.0.0.1:${http}`;
  for (let tries = 0; tries < 300; tries++) {
    const leader = await fetch(`${url}/v1/status/leader`).then(
      (answer) => answer.text(),
      () => "",
    );
    if (leader.includes(":")) return { name: "Consul", url, pid: program.pid, stop: () => stopped(program, home) };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stopped(program, home);
  throw new Error(`Consul found no leader; its output:\n${program.output()}`);
}

/** Memory that a process holds, in megabytes. */
export function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
}

function pinned(command: string, args: readonly string[]): Running {
  const env = { ENMESH_REGISTRY_TOKEN: undefined, NODE_OPTIONS: undefined };
  if (!pins) return spawnProgram(command, { args, env });
  // taskset becomes the program, so that the process id is the server's.
  return spawnProgram("taskset", { args: ["-c", "0", command, ...args], env });
}

async function stopped(program: Running, home: string): Promise<void> {
  await program.destroy();
  await rm(home, { recursive: true, force: true });
}

function has(command: string): boolean {
  try {
    execFileSync(command, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
