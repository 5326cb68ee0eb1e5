// Completes package-lock.json after an `npm install` from a registry that offers the packages of some platforms only.
//
// npm leaves what it cannot find out of the lock, and `npm ci` then refuses the lock everywhere. The missing entries
// are those of other platforms; their version, system and processor are known from the package that asks for them.
// Run `node tools/complete-lock.mjs` after every change of dependencies; test/lock.test.ts reminds whoever forgets.
import { readFileSync, writeFileSync } from "node:fs";

import { completeLock } from "./lib/complete-lock.mjs";
import { inRoot } from "./lib/root.mjs";

for (const file of [inRoot("package-lock.json"), inRoot("tools", "docs", "package-lock.json")]) {
  const lock = JSON.parse(readFileSync(file, "utf8"));
  const added = completeLock(lock.packages);
  if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${file}: ${added.length} entries added`);
}
