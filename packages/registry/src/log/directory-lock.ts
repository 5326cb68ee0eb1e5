import { readFileSync } from "node:fs";
import { open, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

import { MeshError } from "@enmesh/core";

/** The directories that this very process holds: its own id in a lock file says nothing. */
const heldHere = new Set<string>();

/**
 * Makes sure that one registry alone writes to a directory. A lock whose process is gone (killed, or the machine was)
 * counts for nothing.
 *
 * @throws MeshError `ENMESH_STORE_FAILED` when another registry holds it.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const path = join(resolve(directory), "registry.lock");
  if (heldHere.has(path)) throw taken(directory, process.pid, path);
  heldHere.add(path);
  try {
    await take(directory, path);
  } catch (error) {
    heldHere.delete(path);
    throw error;
  }
  return async () => {
    heldHere.delete(path);
    await rm(path, { force: true });
  };
}

async function take(directory: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(path, "wx", 0o600);
      return await handle.writeFile(`${process.pid} ${startOf(process.pid)}\n`).finally(() => handle.close());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const [pid, start = ""] = (await readFile(path, "utf8").catch(() => "")).trim().split(" ");
    const holder = Number(pid);
    if (holder !== process.pid && isAlive(holder, start)) throw taken(directory, holder, path);
    await rm(path, { force: true });
  }
  throw taken(directory, 0, path);
}

/** Numbers are used again, above all in containers: the same number with another start is another process. */
function isAlive(pid: number, start: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || startOf(pid) !== start) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process was started, as Linux tells; "" where it cannot be known. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function taken(directory: string, pid: number, path: string): MeshError {
  return new MeshError(
    "ENMESH_STORE_FAILED",
    `another registry (process ${pid}) writes to ${directory}; stop it or choose another data directory (if no registry runs, remove ${path})`,
  );
}
