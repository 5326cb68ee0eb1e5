import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

import { inRoot, root } from "./root.mjs";

/**
 * One code block of a README, and the module made of it.
 * @typedef {object} Snippet
 * @property {string} readme
 * @property {number} line of its first line of code
 * @property {"ts" | "js"} language
 * @property {"run" | "no-run" | "keeps-running"} mode
 * @property {string} file
 */

const modes = ["run", "no-run", "keeps-running"];

/**
 * The READMEs named, or all of them.
 * @param {readonly string[]} wanted
 */
export function readmes(wanted) {
  if (wanted.length > 0) return wanted.map((file) => resolve(file));

  const folders = ["packages", "examples"].filter((folder) => existsSync(inRoot(folder)));
  const each = folders.flatMap((folder) =>
    readdirSync(inRoot(folder)).map((name) => inRoot(folder, name, "README.md")),
  );
  return [inRoot("README.md"), ...each].filter((file) => existsSync(file));
}

/**
 * Cuts the blocks out of a README and writes each as a module of its own.
 *
 * A module stands on the same line as in the README, so that every message about it names the README's line.
 * @param {string} readme
 * @param {string} folder
 * @returns {Snippet[]}
 */
export function snippetsOf(readme, folder) {
  const lines = readFileSync(readme, "utf8").split(/\r?\n/);
  const name = relative(root, readme).replaceAll(/[\\/.]/g, "-");
  const snippets = [];

  for (let at = 0; at < lines.length; at += 1) {
    const [, indent = "", fence = "", info = ""] = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(lines[at]) ?? [];
    if (fence === "") continue;
    const start = at + 1;
    do at += 1;
    while (at < lines.length && lines[at].trim() !== fence);

    const [language = "", mode = "run"] = info.trim().split(/\s+/);
    if (language !== "ts" && language !== "js") continue;
    const line = start + 1;
    if (!modes.includes(mode))
      throw new Error(`${relative(root, readme)}:${start}: "${mode}" is none of ${modes.join(", ")}`);

    const code = lines.slice(start, at).map((text) => text.slice(Math.min(indent.length, text.search(/\S|$/))));
    const file = join(folder, `${name}-${line}.${language === "ts" ? "ts" : "mjs"}`);
    writeFileSync(file, "\n".repeat(start) + code.join("\n") + "\n");
    snippets.push({ readme, line, language, mode, file });
  }
  return snippets;
}
