import { stripVTControlCharacters } from "node:util";

import { runCommand } from "./run-command.mjs";

const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
const isColoured = FORCE_COLOR ? FORCE_COLOR !== "0" : process.stdout.isTTY && !NO_COLOR && TERM !== "dumb";
const paint = (code, text) => (isColoured ? `\u001b[${code}m${text}\u001b[0m` : text);
const faint = (text) => paint(2, text);
const green = (text) => paint(32, text);
const red = (text) => paint(31, text);

/**
 * Runs steps one after another until one fails.
 * @param {import("./lists.mjs").Step[]} steps
 * @returns {Promise<number>} the exit code of the whole
 */
export async function runSteps(steps) {
  for (const [index, step] of steps.entries()) {
    const isHandover = step.show === "handover";
    const isCaptured = step.show === "failure";
    if (!isHandover)
      process.stdout.write(`${faint(`[${index + 1}/${steps.length}]`)} ${step.name} …${isCaptured ? "" : "\n"}`);

    const startedAt = performance.now();
    const { code, output } = await runCommand(step.command, { isCaptured, isColoured });
    if (isHandover) return code;

    const seconds = `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
    const verdict = code === 0 ? green("ok") : red("failed");
    console.log(isCaptured ? ` ${verdict} ${faint(seconds)}` : `${step.name}: ${verdict} ${faint(seconds)}`);
    if (code === 0) continue;

    if (isCaptured) console.log(`\n${isColoured ? output.trimEnd() : stripVTControlCharacters(output.trimEnd())}`);
    console.error(`\n${red(`${step.name} failed`)} (exit code ${code}). To repeat only this step: ${step.again}`);
    return code;
  }
  return 0;
}
