import { defineConfig } from "vitest/config";

import { packageEntries } from "../../tools/lib/sources.mjs";

/** Tests read the packages' sources, so that no test ever speaks of yesterday's build. */
const alias = packageEntries().map(({ specifier, source }) => ({
  find: new RegExp(`^${specifier}$`),
  replacement: source,
}));

/** Tests against programs in Java: apart from the others, for they take Maven and a minute of downloads at first. */
export default defineConfig({
  resolve: { alias },
  test: {
    name: "interop",
    root: new URL("../..", import.meta.url).pathname,
    include: ["test/interop/*.interop.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
