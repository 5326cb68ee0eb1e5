import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { freePort } from "./free-port.ts";
import { spawnProgram } from "./processes.ts";
import { realProgram } from "./real-program.ts";

/** A target that Prometheus has found, as its own API shows it. */
export interface PrometheusTarget {
  readonly scrapeUrl: string;
  readonly scrapePool: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly discoveredLabels: Readonly<Record<string, string>>;
}

/** A real Prometheus, running for one test. */
export interface Prometheus {
  readonly url: string;
  /** The targets it scrapes now. */
  targets(): Promise<readonly PrometheusTarget[]>;
  /** Resolves with the targets once they are as wanted. */
  targetsWhen(
    isWanted: (targets: readonly PrometheusTarget[]) => boolean,
    timeoutMs?: number,
  ): Promise<readonly PrometheusTarget[]>;
  stop(): Promise<void>;
}

/** Finds a real Prometheus; where there is none, one line says so. */
export function prometheusBinary(): string | undefined {
  return realProgram("prometheus", "ENMESH_PROMETHEUS_BIN");
}

/**
 * Starts a Prometheus with this configuration (an object, which is as good as YAML) and resolves when it is ready.
 *
 * @example
 * const prometheus = await startPrometheus({
 *   scrape_configs: [{ job_name: "all", consul_sd_configs: [{ server: "127.0.0.1:8500", refresh_interval: "1s" }] }],
 * });
 * await prometheus.targetsWhen((targets) => targets.length === 2);
 * await prometheus.stop();
 */
export async function startPrometheus(config: object): Promise<Prometheus> {
  const binary = prometheusBinary();
  if (binary === undefined) throw new Error("no Prometheus on this machine: run bash tools/get-prometheus.sh");

  const home = await mkdtemp(join(tmpdir(), "enmesh-prometheus-"));
  const file = join(home, "prometheus.yml");
  const port = await freePort();
  await writeFile(file, JSON.stringify(config));
  const program = spawnProgram(binary, {
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(home, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ],
  });
  let hasEnded = false;
  void program.exited.finally(() => (hasEnded = true)).catch(() => {});

  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await program.destroy();
    await rm(home, { recursive: true, force: true });
  };

  async function targets(): Promise<readonly PrometheusTarget[]> {
    const answer = await fetch(`${url}/api/v1/targets?state=active`);
    return ((await answer.json()) as { data: { activeTargets: PrometheusTarget[] } }).data.activeTargets;
  }

  async function targetsWhen(
    isWanted: (found: readonly PrometheusTarget[]) => boolean,
    timeoutMs = 45_000,
  ): Promise<readonly PrometheusTarget[]> {
    let found = await targets();
    for (const giveUpAt = Date.now() + timeoutMs; !isWanted(found); found = await targets()) {
      if (Date.now() > giveUpAt) throw new Error(`its targets are ${JSON.stringify(found)}\n${program.output()}`);
      await sleep(100);
    }
    return found;
  }

  for (const giveUpAt = Date.now() + 30_000; Date.now() < giveUpAt && !hasEnded; await sleep(50)) {
    const isReady = await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return { url, targets, targetsWhen, stop };
  }
  await stop();
  throw new Error(`Prometheus ${hasEnded ? "ended" : "is not ready"}; its output:\n${program.output()}`);
}
