const platform =
  /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|x64|ia32|loong64|ppc64|riscv64|s390x)(?:-([a-z]+))?$/;

/**
 * Adds an entry for each optional dependency that the lock has none for, beside those it has.
 * @param {Record<string, any>} packages the `packages` of a package-lock.json; sorted anew when something is added
 * @returns {string[]} the paths added
 */
export function completeLock(packages) {
  const added = [];
  for (const { path, name, version } of missingPlatforms(packages)) {
    const [, os, cpu, abi = ""] = platform.exec(name) ?? [];
    if (os === undefined) throw new Error(`${path} is missing from the lock, and its name tells no platform`);

    const libc = os !== "linux" ? {} : { libc: [abi.startsWith("musl") ? "musl" : "glibc"] };
    packages[path] = { version, cpu: [cpu], dev: true, ...libc, optional: true, os: [os] };
    added.push(path);
  }
  if (added.length > 0) sortKeys(packages);
  return added;
}

/**
 * Finds the optional dependencies for which the lock has no entry: `npm ci` would refuse the lock for each of them.
 * @param {Record<string, any>} packages
 * @returns {{ path: string, name: string, version: string }[]}
 */
export function missingPlatforms(packages) {
  return Object.entries(packages).flatMap(([from, { optionalDependencies = {} }]) => {
    const wanted = Object.entries(optionalDependencies);
    const found = wanted.map(([name]) => lookUp(packages, from, name)).find((path) => path !== undefined);
    // Beside its siblings, where npm would have put it too.
    const folder = found?.slice(0, found.lastIndexOf("node_modules/")) ?? "";
    return wanted
      .filter(([name]) => lookUp(packages, from, name) === undefined)
      .map(([name, range]) => ({ path: `${folder}node_modules/${name}`, name, version: range.replace(/^[^\d]*/, "") }));
  });
}

/** Walks up the folders as Node.js does. */
function lookUp(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (packages[path]) return path;
    if (folder === "") return undefined;
  }
}

function sortKeys(packages) {
  const entries = Object.entries(packages).toSorted(([a], [b]) => a.localeCompare(b, "en"));
  for (const [path] of entries) delete packages[path];
  Object.assign(packages, Object.fromEntries(entries));
}
