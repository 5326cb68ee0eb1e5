import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";

import { inRoot, root } from "./root.mjs";

/**
 * Compiles all TypeScript snippets in one go, against the built packages, as a reader's project would.
 * @param {readonly import("./snippets.mjs").Snippet[]} snippets
 * @param {string} folder
 * @returns {string[]} what is wrong, with the README's line
 */
export function checkTypes(snippets, folder) {
  if (snippets.length === 0) return [];
  const config = {
    compilerOptions: {
      target: "es2024",
      lib: ["es2024", "esnext.disposable"],
      module: "nodenext",
      moduleDetection: "force",
      types: ["node"],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
    },
    include: ["*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));

  const tsc = inRoot("node_modules", "typescript", "bin", "tsc");
  const { stdout, status } = spawnSync(process.execPath, [tsc, "--pretty", "false", "-p", folder], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status === 0) return [];
  return [
    snippets.reduce(
      (text, { file, readme }) => text.replaceAll(`${basename(file)}(`, `${relative(root, readme)}(`),
      stdout,
    ),
  ];
}
