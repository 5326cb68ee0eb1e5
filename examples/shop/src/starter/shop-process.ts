import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Whereabouts } from "./announce.ts";
import { lastWords } from "./last-words.ts";
import type { Role } from "./plan.ts";
import { ShopError } from "./shop-error.ts";

const source = new URL("..", import.meta.url);
const home = fileURLToPath(new URL("..", source));
const leash = new URL("leash.ts", import.meta.url).href;

/** Far more than it takes; a process that is not ready by then never will be. */
const startWithinMs = 30_000;

/** How a process ended: one of the two is set. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type ProcessState = "starting" | "ready" | "ended";

export interface ShopProcessOptions {
  readonly role: Role;
  /** Unique in the shop: `catalog-v1-2`. Names its log file too. */
  readonly name: string;
  readonly folder: string;
  /** All of its environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly args?: readonly string[];
  /** The variable that sets its port, for a process that must be found at the same place again after a restart. */
  readonly portVariable?: string | undefined;
  /** Called whenever it ends. */
  readonly onExit?: (process: ShopProcess, exit: Exit) => void;
  /** Called with each message that is not about being ready. */
  readonly onMessage?: (message: unknown) => void;
}

/** One process of the shop, through all its lives: a restart gives it a new pid and new ports, and it stays the same object. */
export class ShopProcess {
  readonly service: string;
  readonly version: string;
  readonly name: string;
  readonly logFile: string;
  readonly #options: ShopProcessOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<Exit> = Promise.resolve({ code: 0, signal: null });
  #where: Whereabouts | undefined;
  #fixedPort: Readonly<Record<string, string>> = {};
  #state: ProcessState = "ended";

  constructor(options: ShopProcessOptions) {
    this.#options = options;
    this.service = options.role.service;
    this.version = options.role.version;
    this.name = options.name;
    this.logFile = join(options.folder, `${options.name}.log`);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Where it serves; 0 until it has said so. */
  get port(): number {
    return this.#where?.port ?? 0;
  }

  get adminUrl(): string | undefined {
    return this.#where?.adminUrl;
  }

  get state(): ProcessState {
    return this.#state;
  }

  /** Resolves when this life ends. */
  get exited(): Promise<Exit> {
    return this.#exited;
  }

  /** The last that its log says: a line, or an error. */
  get lastWords(): string {
    return lastWords(this.logFile);
  }

  /**
   * Starts it, and resolves once it is ready to serve.
   *
   * @throws ShopError when it ends before, or takes too long; its message has the reason from the log
   */
  async start(): Promise<void> {
    if (this.#state !== "ended") throw new Error(`${this.name} runs already (pid ${this.pid})`);
    this.#state = "starting";
    this.#where = undefined;
    const child = this.#spawn();
    this.#exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve(this.#onExit({ code, signal })));
      child.once("error", () => child.pid === undefined && resolve(this.#onExit({ code: 127, signal: null })));
    });
    const timer = setTimeout(() => void this.kill("SIGKILL"), startWithinMs);
    await Promise.race([this.#announced(child), this.#exited]);
    await this.#admitted();
    clearTimeout(timer);
    if (this.#state !== "starting") {
      throw new ShopError(`${this.name} did not start: ${this.lastWords}\n(all of its log: ${this.logFile})`);
    }
    this.#state = "ready";
    const { portVariable } = this.#options;
    if (portVariable !== undefined) this.#fixedPort = { [portVariable]: `${this.port}` };
  }

  /** Sends a signal: SIGTERM drains, SIGKILL kills, SIGSTOP and SIGCONT freeze and thaw. Resolves when it has ended. */
  kill(signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
    if (this.#state !== "ended") this.#child?.kill(signal);
    return this.#exited;
  }

  /** Drains it if it still runs, starts it again, and resolves once it is ready. */
  async restart(): Promise<void> {
    await this.kill("SIGTERM");
    await this.start();
  }

  /** Ends it in good order, or by force when that takes too long. */
  async stop(withinMs: number): Promise<void> {
    if (this.#state === "ended") return;
    void this.kill("SIGCONT"); // a frozen process would hear nothing
    const timer = setTimeout(() => void this.kill("SIGKILL"), withinMs);
    await this.kill("SIGTERM");
    clearTimeout(timer);
  }

  #spawn(): ChildProcess {
    const { role, env, args = [], onMessage } = this.#options;
    const log = openSync(this.logFile, "a");
    const file = fileURLToPath(new URL(role.file, source));
    const child = spawn(process.execPath, ["--import", leash, file, ...args], {
      cwd: home,
      env: { ...env, ...this.#fixedPort },
      stdio: ["ignore", log, log, "ipc"],
      // Out of the terminal's reach: Ctrl-C is for the starter, which ends the others in order.
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    if (onMessage !== undefined) child.on("message", onMessage);
    return child;
  }

  #announced(child: ChildProcess): Promise<void> {
    return new Promise((resolve) => {
      child.on("message", (message: { type?: string } & Whereabouts) => {
        if (message.type !== "up") return;
        this.#where = message;
        resolve();
      });
    });
  }

  /** Asks the admin page, where there is one: a service is ready when it says so itself. */
  async #admitted(): Promise<void> {
    const { adminUrl } = this;
    if (adminUrl === undefined) return;
    while (this.#state === "starting") {
      const answer = await fetch(`${adminUrl}/readyz`).catch(() => undefined);
      await answer?.arrayBuffer();
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #onExit(exit: Exit): Exit {
    this.#state = "ended";
    this.#options.onExit?.(this, exit);
    return exit;
  }
}
