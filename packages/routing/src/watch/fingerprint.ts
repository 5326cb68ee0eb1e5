import { stat } from "node:fs/promises";
import { join } from "node:path";

import { policyNames } from "./read-directory.ts";

/** Tells whether a directory may have changed, without reading its files: names, times, sizes and identities of all that is read. */
export async function fingerprintOf(directory: string): Promise<string> {
  const names = await policyNames(directory);
  if (!Array.isArray(names)) return names.message;
  const marks = await Promise.all(names.map((name) => markOf(join(directory, name))));
  return names.map((name, index) => `${name} ${marks[index]}`).join("\n");
}

/** Identifies a directory itself: one that was deleted and made again is another one. */
export async function identityOf(directory: string): Promise<string | undefined> {
  try {
    const { dev, ino, birthtimeMs } = await stat(directory);
    return `${dev} ${ino} ${birthtimeMs}`;
  } catch {
    return undefined;
  }
}

async function markOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return "gone";
  }
}
