// Runs one of the lists in lib/lists.mjs, step by step: `node tools/steps.mjs check [step …]`.
// A failing step ends the run, says its name, and gives the command that repeats only it.
//
// The setup comes first here, and not in npm's pre-scripts, which npm leaves out when told to `ignore-scripts`. So this
// file and all it imports run on the machine's own Node, 20 or newer; the steps run on the pinned one.
import { lists } from "./lib/lists.mjs";
import { runSteps } from "./lib/run-steps.mjs";
import { setUp } from "./lib/set-up.mjs";

const [name = "", ...args] = process.argv.slice(2);
const list = lists[name];

if (!list) {
  console.error(`steps: no list named "${name}"; there are ${Object.keys(lists).join(", ")}`);
  process.exitCode = 2;
} else if (!setUp()) process.exitCode = 1;
else process.exitCode = await runSteps(list(args));
