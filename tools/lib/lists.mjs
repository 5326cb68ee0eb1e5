import { existsSync } from "node:fs";

import { inRoot } from "./root.mjs";

/**
 * One command of a list.
 * @typedef {object} Step
 * @property {string} name
 * @property {readonly string[]} command
 * @property {string} again how to repeat only this step by hand
 * @property {"failure" | "always" | "handover"} show when its output is seen; handover: it is what the user asked for,
 *   so nothing is said around it and its exit code is ours
 */

/** @type {Step} */
const build = { name: "build", command: ["tsc", "-b", "tsconfig.build.json"], again: "npm run build", show: "failure" };

/** @returns {Step} */
const quiet = (name, ...command) => ({ name, command, again: `npm run check -- ${name}`, show: "failure" });

/** @returns {Step} */
const shown = (name, again, ...command) => ({ name, command, again, show: "always" });

/** @returns {Step} */
const handover = (name, again, ...command) => ({ name, command, again, show: "handover" });

/** What `npm start`, `npm test`, `npm run check` and the others do, in order. */
export const lists = {
  start: (args) => [build, handover("shop", "npm start", "node", shop(), ...args)],

  test: (filters) => [
    build,
    shown("tests", `npx ${["vitest", "run", ...filters].join(" ")}`, "vitest", "run", ...filters),
  ],

  interop: (filters) => [
    build,
    {
      name: "Java programs",
      command: ["mvn", "-q", "-B", "-f", "test/interop/pom.xml", "package"],
      again: "npm run test:interop (it needs Java 17 and Maven)",
      show: "failure",
    },
    shown("interop", "npm run test:interop", "vitest", "run", "--config", "test/interop/vitest.config.ts", ...filters),
  ],

  build: () => [build],

  format: (paths) => [shown("format", "npx oxfmt", "oxfmt", ...paths)],

  check: (names) =>
    only(names, [
      { ...quiet("format", "oxfmt", "--check"), again: "npm run check -- format (npm run format mends it)" },
      { ...build, again: "npm run check -- build" },
      quiet("types", "tsc", "-b", "tsconfig.tests.json"),
      quiet("lint", "oxlint", "--type-aware", "--deny-warnings"),
      quiet("layers", "vitest", "run", "--project", "stories", "test/layers.test.ts"),
      quiet("unused", "knip", "--no-config-hints"),
      quiet("packages", "node", "tools/check-packages.mjs"),
    ]),

  docs: () => [
    shown("tools", "npm run docs", "node", "tools/docs/setup.mjs"),
    shown(
      "typedoc",
      "npm run docs",
      "node",
      "tools/docs/node_modules/typedoc/bin/typedoc",
      "--tsconfig",
      "tools/docs/tsconfig.json",
    ),
  ],

  snippets: (files) => [
    build,
    shown("snippets", ["npm run snippets", ...files].join(" -- "), "node", "tools/check-snippets.mjs", ...files),
  ],

  "bench:registry": () => [build, handover("bench", "npm run bench:registry", "node", "test/bench/registry.ts")],

  bench: (args) => [build, handover("bench", "npm run bench", "node", "--expose-gc", "test/bench/main.ts", ...args)],
};

/** The steps asked for by name, and the build when one of them reads what it makes; all of them when none is named. */
function only(names, steps) {
  const unknown = names.find((name) => !steps.some((step) => step.name === name));
  if (unknown) {
    console.error(`check: no step named "${unknown}"; there are ${steps.map((step) => step.name).join(", ")}`);
    process.exit(2);
  }
  if (names.length === 0) return steps;

  const needBuild = names.some((name) => ["types", "lint", "packages"].includes(name));
  return steps.filter(({ name }) => names.includes(name) || (needBuild && name === "build"));
}

function shop() {
  const file = "examples/shop/src/start.ts";
  if (!existsSync(inRoot(file))) console.error(`start: ${file} is missing`);
  return file;
}
