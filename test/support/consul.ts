import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { freePort } from "./free-port.ts";
import { spawnProgram, type Running } from "./processes.ts";
import { realProgram } from "./real-program.ts";

/** A real Consul, running for one test file. */
export interface ConsulServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Finds a real Consul; where there is none, one line says so. */
export function consulBinary(): string | undefined {
  return realProgram("consul", "ENMESH_CONSUL_BIN");
}

/** Starts a Consul of its own (free ports, data in a temporary folder) and resolves when it has elected itself. */
export async function startConsul(): Promise<ConsulServer> {
  const binary = consulBinary();
  if (binary === undefined) throw new Error("no Consul on this machine: run bash tools/get-consul.sh");

  const home = await mkdtemp(join(tmpdir(), "enmesh-consul-"));
  const config = join(home, "agent.json");
  const http = await freePort();
  await writeFile(config, JSON.stringify(await settings(http)));

  const agent = spawnProgram(binary, {
    args: ["agent", "-dev", "-config-file", config, "-data-dir", join(home, "data")],
  });
  const stop = async (): Promise<void> => {
    await agent.destroy();
    await rm(home, { recursive: true, force: true });
  };

  const url = `http://127.0.0.1:${http}`;
  try {
    await leaderElected(url, agent);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

/** Every port is our own or off, so that any number of agents may run side by side. */
async function settings(http: number): Promise<object> {
  const [server, serfLan, serfWan] = [await freePort(), await freePort(), await freePort()];
  return {
    bind_addr: "127.0.0.1",
    client_addr: "127.0.0.1",
    ports: { http, server, serf_lan: serfLan, serf_wan: serfWan, https: -1, dns: -1, grpc: -1 },
    disable_update_check: true,
    disable_host_node_id: true,
    log_level: "warn",
  };
}

async function leaderElected(url: string, agent: Running, timeoutMs = 30_000): Promise<void> {
  let hasEnded = false;
  void agent.exited.finally(() => (hasEnded = true)).catch(() => {});

  for (const giveUpAt = Date.now() + timeoutMs; Date.now() < giveUpAt && !hasEnded; await sleep(50)) {
    const leader = await fetch(`${url}/v1/status/leader`).then(
      (response) => response.text(),
      () => "",
    );
    if (leader.includes(":")) return;
  }
  throw new Error(`Consul ${hasEnded ? "ended" : "found no leader"}; its output:\n${agent.output()}`);
}
