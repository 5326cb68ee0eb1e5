// Lets a child process read the packages' sources, as the tests themselves do: `@enmesh/core` is `packages/core/src/index.ts`.
import { registerHooks } from "node:module";

const packages = new URL("../../", import.meta.url);

registerHooks({
  resolve: (specifier, context, nextResolve) => {
    const found = /^@enmesh\/([\w-]+)(?:\/([\w-]+))?$/.exec(specifier);
    if (found === null) return nextResolve(specifier, context);
    const [, name, entry = "index"] = found;
    const file = entry === "simulation" ? "simulation/index" : entry;
    return nextResolve(new URL(`${name}/src/${file}.ts`, packages).href, context);
  },
});
