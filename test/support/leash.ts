import { spawn, type ChildProcess } from "node:child_process";

/**
 * Holds processes on a leash: when this process ends, however it ends, every process group on the leash is killed.
 *
 * An exit handler is not enough (a test worker may be killed outright), so a small watcher outlives us by a moment:
 * it reads process ids from a pipe, and the pipe's end is our end.
 */
const watcherSource = `
  const held = new Set();
  let rest = "";
  process.stdin.setEncoding("utf8").on("data", (text) => {
    const lines = (rest + text).split("\\n");
    rest = lines.pop();
    for (const line of lines) line[0] === "+" ? held.add(+line.slice(1)) : held.delete(+line.slice(1));
  });
  process.stdin.on("close", () => {
    for (const pid of held) for (const target of [-pid, pid]) try { process.kill(target, "SIGKILL"); } catch {}
    process.exit();
  });
`;

let watcher: ChildProcess | undefined;

/** Puts a process group on the leash. Its leader must have been started with `detached: true`. */
export function leash(pid: number): void {
  watcher ??= startWatcher();
  watcher.stdin?.write(`+${pid}\n`);
}

/** Kills what is left of a process group, at once, and takes it off the leash. */
export function killGroup(pid: number): void {
  if (isGroupAlive(pid)) signal(pid, "SIGKILL");
  unleash(pid);
}

/** Takes a process group off the leash when all of it is gone, so that its number may be used again by others. */
export function unleashIfGone(pid: number): void {
  if (!isGroupAlive(pid)) unleash(pid);
}

function unleash(pid: number): void {
  watcher?.stdin?.write(`-${pid}\n`);
}

function isGroupAlive(pid: number): boolean {
  return signal(pid, 0);
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    // Windows knows no process groups: there the leader alone is signalled.
    process.kill(process.platform === "win32" ? pid : -pid, name);
    return true;
  } catch {
    return false;
  }
}

function startWatcher(): ChildProcess {
  // Detached, so that Ctrl-C in the terminal does not end the watcher before its work begins.
  const child = spawn(process.execPath, ["-e", watcherSource], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  child.unref();
  child.stdin.on("error", () => {});
  (child.stdin as typeof child.stdin & { unref(): void }).unref();
  return child;
}
