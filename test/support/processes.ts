import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { killGroup, leash, unleashIfGone } from "./leash.ts";

export interface SpawnOptions {
  readonly args?: readonly string[];
  /** Added to our own environment; `undefined` removes a name. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

/** How a process ended: one of the two is set. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running program, what it has said so far, and the means to wait for more or to end it. */
export interface Running {
  readonly pid: number;
  /** Complete lines of standard output so far. */
  readonly lines: readonly string[];
  /** Everything written so far, both streams in order of arrival: for failure messages. */
  output(): string;
  /** Resolves with the first line of standard output that matches, past lines included. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Sends a signal to the program alone (SIGTERM unless told) and resolves when it has ended. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
  /** Sends a signal and returns at once. */
  signal(signal: NodeJS.Signals): void;
  /** Kills the program and all that it started, without a chance to object. */
  destroy(): Promise<Exit>;
  readonly exited: Promise<Exit>;
}

/**
 * Starts a Node.js program with the Node that runs the tests; `.ts` files run as they stand.
 *
 * @example
 * const shop = spawnNode("examples/shop/src/start.ts", { env: { PORT: "0" } });
 * const [, url] = await shop.waitForLine(/listening on (\S+)/);
 * await shop.kill("SIGTERM");
 */
export function spawnNode(script: string, options: SpawnOptions = {}): Running {
  return spawnProgram(process.execPath, { ...options, args: [script, ...(options.args ?? [])] });
}

/** Starts any program on the leash: it never outlives the tests. */
export function spawnProgram(command: string, { args = [], env = {}, cwd }: SpawnOptions = {}): Running {
  const child = spawn(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const pid = child.pid ?? 0;
  if (pid > 0) leash(pid);

  const lines: string[] = [];
  const listeners = new Set<() => void>();
  let output = "";
  let isOver = false;
  const tellListeners = (): void => listeners.forEach((tell) => tell());

  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    tellListeners();
  });

  const exited = ended();
  // Whoever awaits it hears of a failed start; nobody is forced to.
  exited.catch(() => {});

  async function ended(): Promise<Exit> {
    try {
      // "close" comes after "exit" and after the last byte of output.
      const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
      return { code, signal };
    } finally {
      isOver = true;
      if (pid > 0) unleashIfGone(pid);
      tellListeners();
    }
  }

  function waitForLine(pattern: RegExp, timeoutMs = 15_000): Promise<RegExpExecArray> {
    let next = 0;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(`no line like ${pattern} within ${timeoutMs} ms`), timeoutMs);
      listeners.add(look);
      look();

      function look(): void {
        while (next < lines.length) {
          const match = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, "")).exec(lines[next++] ?? "");
          if (match) return finish(match);
        }
        if (isOver) finish(`ended without a line like ${pattern}`);
      }

      function finish(result: RegExpExecArray | string): void {
        clearTimeout(timer);
        listeners.delete(look);
        if (typeof result !== "string") resolve(result);
        else reject(new Error(`${[command, ...args].join(" ")}: ${result}; its output:\n${output}`));
      }
    });
  }

  return {
    pid,
    lines,
    exited,
    waitForLine,
    output: () => output,
    signal: (name) => void child.kill(name),
    kill: (name = "SIGTERM") => {
      child.kill(name);
      return exited;
    },
    destroy: () => {
      if (pid > 0) killGroup(pid);
      return exited;
    },
  };
}
