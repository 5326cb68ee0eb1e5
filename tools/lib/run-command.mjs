import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter } from "node:path";

import { inRoot, root } from "./root.mjs";

const leash = ["--import", new URL("leave-with-parent.mjs", import.meta.url).href];
const isWindows = process.platform === "win32";
const signals = ["SIGINT", "SIGTERM", "SIGHUP"];

/** One Ctrl-C arrives twice, from the terminal and from npm, which passes on what it gets; this far apart at most. */
const sameSignalMs = 500;

/**
 * Runs a command of node_modules/.bin, or any other, with the pinned Node first in the PATH.
 *
 * It gets a process group of its own, so that a signal reaches it exactly once and through us only, and whatever it
 * leaves behind is killed when it has ended.
 * @param {readonly string[]} command
 * @param {{ isCaptured: boolean, isColoured: boolean }} options
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runCommand([file, ...args], { isCaptured, isColoured }) {
  const streams = isCaptured ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"];
  const isNode = file === "node";
  const child = spawn(file, isNode ? [...leash, ...args] : args, {
    cwd: root,
    env: { ...process.env, ...path(), ...colours(isCaptured, isColoured) },
    // The fourth is a line to the child that breaks when we are gone: see leave-with-parent.mjs.
    stdio: isNode ? [...streams, "ipc"] : streams,
    detached: !isWindows,
    shell: isWindows && !isNode,
  });

  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text) => (output += text));
  child.stderr?.setEncoding("utf8").on("data", (text) => (output += text));
  const stopForwarding = forwardSignals(child);

  return new Promise((resolve) => {
    const finish = (code) => {
      stopForwarding();
      killLeftOvers(child.pid);
      resolve({ code, output });
    };
    child.once("error", (error) => {
      output += `${file}: ${error.message}`;
      if (!isCaptured) console.error(`${file}: ${error.message}`);
      finish(127);
    });
    child.once("exit", (code, signal) => {
      // What the command left behind may hold its output open: end it before waiting for the last bytes.
      killLeftOvers(child.pid);
      child.once("close", () => finish(code ?? 128 + constants.signals[signal]));
    });
  });
}

function forwardSignals(child) {
  const lastAt = new Map();
  const forward = (signal) => {
    const now = performance.now();
    if (now - (lastAt.get(signal) ?? -sameSignalMs) < sameSignalMs) return;
    lastAt.set(signal, now);
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, forward);

  // A shell between npm and us dies of a signal without passing it on; then nobody waits for us any more.
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid !== parent && forward("SIGTERM"), 1_000);

  return () => {
    clearInterval(watch);
    for (const signal of signals) process.off(signal, forward);
  };
}

function killLeftOvers(pid) {
  if (isWindows || pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing was left behind.
  }
}

/** What we show is ours to colour or not, also where the command sees a pipe, or does not look at all. */
function colours(isCaptured, isColoured) {
  if (!isColoured) return { NO_COLOR: "1" };
  return isCaptured ? { FORCE_COLOR: "1" } : {};
}

/** Windows spells the name of PATH as it likes; the old spelling must not win over ours. */
function path() {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
  return { [name]: [inRoot("node_modules", ".bin"), process.env[name]].join(delimiter) };
}
