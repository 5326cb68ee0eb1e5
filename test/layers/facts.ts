import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { importsOf, type Import } from "./imports.ts";

/** What a package says about itself in its package.json and in its imports. */
export interface PackageFacts {
  /** The folder under packages/. */
  readonly folder: string;
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  readonly peerDependencies: readonly string[];
  /** Peers that may be absent. */
  readonly optionalPeers: readonly string[];
  readonly imports: readonly Import[];
}

interface PackageJson {
  readonly name: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>;
}

const packages = fileURLToPath(new URL("../../packages/", import.meta.url));

/** Reads every package of the workspace. */
export function readPackages(): PackageFacts[] {
  return readdirSync(packages, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => readPackage(name));
}

function readPackage(folder: string): PackageFacts {
  const json = JSON.parse(readFileSync(join(packages, folder, "package.json"), "utf8")) as PackageJson;
  return {
    folder,
    name: json.name,
    dependencies: Object.keys(json.dependencies ?? {}),
    devDependencies: Object.keys(json.devDependencies ?? {}),
    peerDependencies: Object.keys(json.peerDependencies ?? {}),
    optionalPeers: Object.entries(json.peerDependenciesMeta ?? {})
      .filter(([, meta]) => meta.optional)
      .map(([name]) => name),
    imports: sourceFiles(join(packages, folder)).flatMap((file) =>
      importsOf(file, readFileSync(join(packages, folder, file), "utf8")),
    ),
  };
}

/** The TypeScript files under src/ and test/, as paths inside the package. */
function sourceFiles(folder: string): string[] {
  return ["src", "test"]
    .filter((part) => existsSync(join(folder, part)))
    .flatMap((part) =>
      readdirSync(join(folder, part), { recursive: true, encoding: "utf8" }).map((file) => `${part}/${file}`),
    )
    .filter((file) => /\.[cm]?ts$/.test(file))
    .map((file) => file.replaceAll("\\", "/"));
}
