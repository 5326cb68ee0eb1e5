import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The top folder of the workspace. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * A path inside the workspace.
 * @param {...string} parts
 */
export const inRoot = (...parts) => join(root, ...parts);
