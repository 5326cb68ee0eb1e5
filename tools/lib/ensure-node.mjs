import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";

import { inRoot } from "./root.mjs";
import { SetupError } from "./setup-error.mjs";

const isWindows = process.platform === "win32";
const home = inRoot("node_modules", "node");
const binary = inRoot("node_modules", "node", "bin", isWindows ? "node.exe" : "node");
const again = "npm run setup";

/**
 * Sees to it that `node` means the pinned Node in every npm script.
 *
 * The npm package `node` fetches its binary in an install script. npm may be told to run none (`ignore-scripts`, or a
 * policy of its own), and then leaves a package without a binary and without its link; here both are made good.
 */
export function ensureNode() {
  const { version } = JSON.parse(readFileSync(inRoot("node_modules", "node", "package.json"), "utf8"));

  if (versionOf(binary) !== version) fetchBinary(version);
  const found = versionOf(binary);
  if (found === version) linkBinary();
  else if (isRecentEnough()) warn(`Node ${version} does not run on this machine; going on with ${process.version}.`);
  else
    throw new SetupError(`Node ${version} is needed, and ${binary} ${found ? `is ${found}` : "does not run"}.`, again);
}

function fetchBinary(version) {
  console.log(`setup: fetching Node ${version}, which runs everything here …`);
  const result = spawnSync(process.execPath, ["installArchSpecificPackage.js"], {
    cwd: home,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, npm_config_ignore_scripts: "false", npm_config_audit: "false", npm_config_fund: "false" },
  });
  if (result.status !== 0 && !isRecentEnough()) {
    throw new SetupError(`Node ${version} cannot be fetched; the reason is printed above.`, again);
  }
}

/** npm makes the link when it installs, but only for a binary that is there by then. */
function linkBinary() {
  const link = inRoot("node_modules", ".bin", isWindows ? "node.cmd" : "node");
  if (existsSync(link)) return;
  if (isWindows) writeFileSync(link, '@"%~dp0\\..\\node\\bin\\node.exe" %*\r\n');
  else symlinkSync("../node/bin/node", link);
}

function versionOf(file) {
  if (!existsSync(file)) return undefined;
  const { stdout, status } = spawnSync(file, ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim().replace(/^v/, "") : undefined;
}

function isRecentEnough() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 19);
}

function warn(text) {
  console.warn(`setup: ${text}`);
}
