import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Finds a real program that tests compare us with: the one that the environment names, else the one that a script of ours
 * fetched into `.cache`, else the one in the PATH. In CI it must be there: a test that skips itself there proves nothing.
 */
export function realProgram(name: string, environmentName: string): string | undefined {
  const named = process.env[environmentName];
  if (named !== undefined && named !== "") return named;

  const fetched = fileURLToPath(new URL(`../../.cache/${name}/${name}`, import.meta.url));
  const inPath = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name));
  const found = [fetched, ...inPath].find(isExecutable);
  if (found !== undefined) return found;

  const remedy = `no ${name} on this machine; bash tools/get-${name}.sh fetches one`;
  if (process.env["CI"] === "true") throw new Error(remedy);
  console.warn(`skipped: ${remedy}`);
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
