import { defineConfig } from "vitest/config";

import { packageEntries } from "./tools/lib/sources.mjs";

/** Tests read the packages' sources, so that no test ever speaks of yesterday's build. */
const alias = packageEntries().map(({ specifier, source }) => ({
  find: new RegExp(`^${specifier}$`),
  replacement: source,
}));

export default defineConfig({
  resolve: { alias },
  test: {
    // A rejection nobody handles is a bug in the code under test, never noise.
    dangerouslyIgnoreUnhandledErrors: false,
    restoreMocks: true,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/{src,test}/**/*.test.ts"],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "types",
          include: [],
          sequence: { groupOrder: 1 },
          typecheck: {
            enabled: true,
            only: true,
            tsconfig: "tsconfig.types.json",
            include: ["packages/*/src/**/*.test-d.ts"],
          },
        },
      },
      {
        extends: true,
        test: {
          name: "stories",
          include: ["test/**/*.test.ts"],
          // Real sockets and real processes: one story at a time, after all else, with time to spare.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
