// Packs every package as it would be published and looks at the tarballs with publint and attw.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";

import { publint } from "publint";
import { formatMessage } from "publint/utils";

import { inRoot, root } from "./lib/root.mjs";

const tarballs = mkdtempSync(join(tmpdir(), "enmesh-packages-"));
let problems = 0;

try {
  const packages = readdirSync(inRoot("packages")).map((folder) => inRoot("packages", folder));
  pack(packages);
  for (const folder of packages) await inspect(folder);
} finally {
  rmSync(tarballs, { recursive: true, force: true });
}
process.exitCode = problems === 0 ? 0 : 1;

function pack(folders) {
  const result = run("npm", [
    "pack",
    "--loglevel=error",
    "--ignore-scripts",
    "--pack-destination",
    tarballs,
    ...folders,
  ]);
  if (result.status !== 0) throw new Error(`npm pack failed:\n${result.stdout}${result.stderr}`);
}

async function inspect(folder) {
  const json = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const tarball = join(tarballs, `${json.name.replace("@", "").replace("/", "-")}-${json.version}.tgz`);

  const bytes = readFileSync(tarball);
  const { messages } = await publint({
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
    level: "warning",
    strict: true,
  });
  for (const message of messages) complain(json.name, "publint", formatMessage(message, json) ?? message.code);

  // The project speaks ESM only, so what CommonJS would see does not matter.
  const attw = run("attw", [tarball, "--profile", "esm-only", "--format", "table-flipped", "--no-emoji", "--no-color"]);
  if (attw.status !== 0) complain(json.name, "attw", attw.stdout + attw.stderr);
}

function complain(name, tool, text) {
  problems += 1;
  console.log(`${name}, ${tool}: ${text.trim()}`);
}

function run(command, args) {
  return spawnSync(command, args, { cwd: root, encoding: "utf8", shell: process.platform === "win32" });
}
