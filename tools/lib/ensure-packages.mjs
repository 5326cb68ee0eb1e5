import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { npm } from "./npm.mjs";
import { root } from "./root.mjs";
import { SetupError } from "./setup-error.mjs";

/**
 * Runs `npm ci` in a folder unless what is installed there is what its package-lock.json says.
 * @param {string} folder
 * @param {string} again how to repeat it by hand
 */
export function ensurePackages(folder = root, again = "npm ci") {
  if (isAsLocked(folder)) return;

  console.log("setup: installing the locked packages (npm ci), a minute on the first run …");
  // Engine warnings concern the Node that runs npm, not the pinned one that runs our code.
  if (!npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"], folder)) {
    throw new SetupError("npm ci failed; its reason is printed above.", again);
  }
}

/**
 * npm notes what it installed in node_modules/.package-lock.json, as its last act. Comparing the two locks is exact:
 * a fresh clone, a switched branch and an interrupted install all differ, while a touched file does not.
 */
function isAsLocked(folder) {
  const installedFile = join(folder, "node_modules", ".package-lock.json");
  if (!existsSync(installedFile)) return false;

  const wanted = packagesOf(join(folder, "package-lock.json"));
  const installed = packagesOf(installedFile);
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes("node_modules/")) return true;
    const found = installed[path];
    // What is made for another platform stays away, and rightly so.
    if (!found) return entry.optional === true || entry.devOptional === true || entry.peer === true;
    if (!existsSync(join(folder, path))) return false;
    return found.version === entry.version && found.integrity === entry.integrity && found.link === entry.link;
  });
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages ?? {};
}
