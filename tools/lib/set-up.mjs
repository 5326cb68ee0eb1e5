import { ensureNode } from "./ensure-node.mjs";
import { ensurePackages } from "./ensure-packages.mjs";
import { SetupError } from "./setup-error.mjs";

/**
 * Makes the checkout ready: the locked packages are installed and the pinned Node.js runs. When nothing is to be done,
 * that takes some tens of milliseconds.
 * @returns {boolean} whether it is ready; if not, the reason has been told
 */
export function setUp() {
  try {
    ensurePackages();
    ensureNode();
    return true;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\nsetup: ${error.message}\nTo repeat only this step: ${error.again}\n`);
    return false;
  }
}
