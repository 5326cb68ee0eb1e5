// `npm run setup`: makes the checkout ready, and nothing else.
import { setUp } from "./lib/set-up.mjs";

if (!setUp()) process.exitCode = 1;
