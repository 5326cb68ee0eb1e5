// Installs TypeDoc beside this file on first use, and again when its lock changes.
import { ensurePackages } from "../lib/ensure-packages.mjs";
import { inRoot } from "../lib/root.mjs";
import { SetupError } from "../lib/setup-error.mjs";

try {
  ensurePackages(inRoot("tools", "docs"), "npm ci --prefix tools/docs");
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`docs: ${error.message}\nTo repeat only this step: ${error.again}`);
  process.exitCode = 1;
}
