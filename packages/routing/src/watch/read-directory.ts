import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { codes } from "../diagnostics/codes.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { PolicyFile } from "../diagnostics/source-file.ts";
import { limits } from "../yaml/limits.ts";

/** What a directory of policies holds, and what kept a part of it from being read. */
export interface DirectoryContents {
  /** By name. */
  readonly files: readonly PolicyFile[];
  readonly problems: readonly Diagnostic[];
}

/**
 * Reads `*.yaml` and `*.yml` of a directory, not of those in it. Names that start with a dot are left out: editors put their copies there.
 * It never throws: a directory that is not there is a problem.
 */
export async function readDirectory(directory: string): Promise<DirectoryContents> {
  const names = await policyNames(directory);
  if (!Array.isArray(names)) return { files: [], problems: [names] };
  const read = await Promise.all(names.map((name) => readOne(join(directory, name))));
  return {
    files: read.filter((each) => each !== undefined && "text" in each),
    problems: read.filter((each) => each !== undefined && "code" in each),
  };
}

/** The names of a directory that are read, in order; or why there are none. */
export async function policyNames(directory: string): Promise<string[] | Diagnostic> {
  try {
    const names = await readdir(directory);
    return names.filter((name) => /^[^.].*\.ya?ml$/i.test(name)).toSorted();
  } catch (error) {
    const isMissing = codeOf(error) === "ENOENT";
    const message = isMissing
      ? "this directory does not exist; create it, or name another one"
      : `this directory cannot be read (${codeOf(error)}); mend its permissions, or name another one`;
    return problem(directory, message);
  }
}

async function readOne(path: string): Promise<PolicyFile | Diagnostic | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return undefined;
    // A character has at most four bytes; the loader refuses what is still too long.
    if (found.size > 4 * limits.length)
      return problem(path, `is larger than ${4 * limits.length} bytes; split it`, codes.tooLarge);
    return { name: path, text: await readFile(path, "utf8") };
  } catch (error) {
    // Deleted since the names were read.
    if (codeOf(error) === "ENOENT") return undefined;
    return problem(path, `cannot be read (${codeOf(error)}); mend its permissions`);
  }
}

function problem(
  file: string,
  message: string,
  code: (typeof codes)["unreadable" | "tooLarge"] = codes.unreadable,
): Diagnostic {
  return { severity: "error", code, message, file, line: 0, column: 0, path: "", resource: "", excerpt: "", caret: 0 };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
