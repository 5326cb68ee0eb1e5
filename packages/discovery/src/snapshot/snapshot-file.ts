import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Where a directory keeps what it knows for its next start. */
export interface SnapshotStore {
  /** What people read in messages. */
  readonly name: string;
  readonly maxBytes: number;
  /** The text that was saved last, or undefined when there is none. Throws when there is one that must not be read. */
  load(): string | undefined;
  save(text: string): Promise<void>;
  /** The same at once, for the last word before the end. */
  saveNow(text: string): void;
}

export interface SnapshotFileOptions {
  readonly path: string;
  /** More is neither written nor read. @default 4 MiB */
  readonly maxBytes?: number;
}

/**
 * A snapshot in a file: written beside it and renamed, so that no reader ever sees half of one; readable by its owner only; never read when others may
 * have written it.
 *
 * @example
 * ```ts
 * import { snapshotFile } from "@enmesh/discovery";
 *
 * console.log(snapshotFile({ path: "/var/lib/orders/discovery.json" }).name); // /var/lib/orders/discovery.json
 * ```
 */
export function snapshotFile({ path, maxBytes = 4 * 1_024 * 1_024 }: SnapshotFileOptions): SnapshotStore {
  let turn = 0;
  const beside = (): string => `${path}.${process.pid}.${(turn += 1)}.tmp`;

  return {
    name: path,
    maxBytes,
    load: () => read(path, maxBytes),
    async save(text) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const temporary = beside();
      try {
        const file = await open(temporary, "wx", 0o600);
        try {
          await file.writeFile(text);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    saveNow(text) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const temporary = beside();
      try {
        writeFileSync(temporary, text, { flag: "wx", mode: 0o600 });
        renameSync(temporary, path);
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      }
    },
  };
}

function read(path: string, maxBytes: number): string | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size, mode } = fstatSync(file);
    if (size > maxBytes) throw new Error(`it has ${size} bytes, more than the ${maxBytes} allowed`);
    if (process.platform !== "win32" && (mode & 0o022) !== 0)
      throw new Error("others than its owner may write it; take that away (chmod 600)");
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}
