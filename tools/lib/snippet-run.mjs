import { spawn, spawnSync } from "node:child_process";

const endsWithinMs = 30_000;
const keepsRunningMs = 3_000;

/**
 * Runs one snippet in a Node of its own.
 * @param {import("./snippets.mjs").Snippet} snippet
 * @returns {Promise<string | undefined>} what is wrong
 */
export async function runSnippet({ file, language, mode }) {
  if (mode === "no-run") return language === "js" ? syntaxOf(file) : undefined;

  const keepsRunning = mode === "keeps-running";
  const { code, signal, wasStopped, wasKilled, output } = await run(file, keepsRunning ? keepsRunningMs : endsWithinMs);

  if (wasKilled) return `did not end on SIGTERM${output}`;
  if (keepsRunning && !wasStopped) return `was to keep running, and ended with exit code ${code}${output}`;
  if (keepsRunning)
    return signal === "SIGTERM" || code === 0 ? undefined : `ended badly on SIGTERM, with ${code}${output}`;
  if (wasStopped) return `did not end within ${endsWithinMs / 1_000} s${output}`;
  return code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}${output}`;
}

/** Stops it with SIGTERM after the time given, with SIGKILL soon after, and leaves nothing of its making behind. */
function run(file, stopAfterMs) {
  const child = spawn(process.execPath, ["--unhandled-rejections=throw", file], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
    detached: process.platform !== "win32",
  });
  let output = "\n";
  let wasStopped = false;
  let wasKilled = false;
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (output += text));
  const stop = setTimeout(() => (wasStopped = child.kill("SIGTERM")), stopAfterMs);
  const kill = setTimeout(() => (wasKilled = child.kill("SIGKILL")), stopAfterMs + 10_000);

  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => {
      clearTimeout(stop);
      clearTimeout(kill);
      killGroup(child.pid);
    });
    child.once("close", (code, signal) => resolve({ code, signal, wasStopped, wasKilled, output }));
  });
}

function killGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing was left behind.
  }
}

function syntaxOf(file) {
  const { status, stderr } = spawnSync(process.execPath, ["--check", file], { encoding: "utf8" });
  return status === 0 ? undefined : stderr;
}
