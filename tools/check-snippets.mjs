// Runs the code of every README as a reader would: `node tools/check-snippets.mjs [README.md …]`.
//
// A ```ts or ```js block is an ES module that must end by itself, with exit code 0, within the time limit.
// A word after the language says otherwise:
//   ```ts no-run          is only checked: ts by the compiler, js for its syntax
//   ```ts keeps-running   still runs after a while, and ends on SIGTERM
import { mkdirSync, rmSync } from "node:fs";
import { relative } from "node:path";

import { inRoot, root } from "./lib/root.mjs";
import { readmes, snippetsOf } from "./lib/snippets.mjs";
import { checkTypes } from "./lib/snippet-types.mjs";
import { runSnippet } from "./lib/snippet-run.mjs";

const folder = inRoot(".snippets");
const wanted = process.argv.slice(2);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);

const snippets = readmes(wanted).flatMap((file) => snippetsOf(file, folder));
const failures = checkTypes(
  snippets.filter(({ language }) => language === "ts"),
  folder,
);
for (const snippet of snippets) {
  const problem = await runSnippet(snippet);
  const where = `${relative(root, snippet.readme)}:${snippet.line}`;
  if (problem) failures.push(`${where}: ${problem}`);
  else console.log(`${where} ${snippet.mode === "no-run" ? "checked" : "ran"}`);
}

for (const failure of failures) console.error(`\n${failure.trimEnd()}`);
console.log(`${snippets.length} snippets, ${failures.length} failures`);
if (failures.length === 0) rmSync(folder, { recursive: true });
else process.exitCode = 1;
