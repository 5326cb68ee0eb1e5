import { readdirSync, readFileSync } from "node:fs";

import { inRoot } from "./root.mjs";

/**
 * Every published entry of every package and the source file it is built from, read from each package's `exports`.
 * @returns {{ specifier: string, source: string }[]}
 */
export function packageEntries() {
  return readdirSync(inRoot("packages")).flatMap((folder) => {
    const { name, exports } = JSON.parse(readFileSync(inRoot("packages", folder, "package.json"), "utf8"));
    return Object.entries(exports)
      .filter(([, target]) => typeof target === "object")
      .map(([subpath, target]) => ({
        specifier: name + subpath.slice(1),
        source: inRoot("packages", folder, target.default.replace(/^\.\/dist\//, "src/").replace(/\.js$/, ".ts")),
      }));
  });
}
