import { spawnSync } from "node:child_process";

/**
 * Runs npm, the very one that called us when it did, and shows all it says.
 * @param {readonly string[]} args
 * @param {string} cwd
 * @returns {boolean} whether it succeeded
 */
export function npm(args, cwd) {
  const caller = process.env.npm_execpath;
  const result = caller?.endsWith("npm-cli.js")
    ? spawnSync(process.env.npm_node_execpath ?? process.execPath, [caller, ...args], { cwd, stdio: "inherit" })
    : spawnSync("npm", args, { cwd, stdio: "inherit", shell: process.platform === "win32" });
  return result.status === 0;
}
