import { isBuiltin } from "node:module";
import { posix } from "node:path";

import type { PackageFacts } from "./facts.ts";
import type { Import } from "./imports.ts";

/** The picture of the house, as the table at the top of layers.test.ts draws it. */
export interface Picture {
  /** The folder of each package, and its layer, counted from the ground. */
  readonly layers: Readonly<Record<string, number>>;
  /** Each outside library, and the one package it lives in. */
  readonly homes: Readonly<Record<string, string>>;
  /** Frameworks that the user brings along: seen as types only, and optional. */
  readonly peers: Readonly<Record<string, readonly string[]>>;
  /** Heavy libraries, and the only entry of their home that loads them. */
  readonly entries: Readonly<Record<string, string>>;
  /** What tests may import everywhere. */
  readonly testTools: readonly string[];
}

const capabilityLayer = 2;

/** Says, in a sentence each, where the packages differ from the picture. */
export function violations(packages: readonly PackageFacts[], picture: Picture): string[] {
  const folderOf = new Map(packages.map(({ name, folder }) => [name, folder]));
  return packages.flatMap((facts) => [
    ...placeOf(facts, picture),
    ...declared(facts, picture, folderOf),
    ...facts.imports.flatMap((each) => imported(facts, each, picture, folderOf)),
  ]);
}

function placeOf({ folder }: PackageFacts, { layers }: Picture): string[] {
  return layers[folder] === undefined ? [`packages/${folder} has no layer in the picture`] : [];
}

function declared(facts: PackageFacts, picture: Picture, folderOf: ReadonlyMap<string, string>): string[] {
  const where = `packages/${facts.folder}/package.json`;
  const peers = picture.peers[facts.folder] ?? [];

  const badDependencies = [...facts.dependencies, ...facts.devDependencies].flatMap((name) => {
    const sibling = folderOf.get(name);
    if (sibling !== undefined) return between(facts.folder, sibling, where, picture);
    return homed(facts.folder, name, where, picture);
  });
  const badPeers = facts.peerDependencies.flatMap((name) => {
    const isAtHome = homeOf(picture, name) === facts.folder;
    if (!peers.includes(name) && !isAtHome) return [`${where} declares the peer ${name}, which is not in the picture`];
    return facts.optionalPeers.includes(name) ? [] : [`${where} declares the peer ${name}, which must be optional`];
  });
  return [...badDependencies, ...badPeers];
}

function imported(
  facts: PackageFacts,
  each: Import,
  picture: Picture,
  folderOf: ReadonlyMap<string, string>,
): string[] {
  const { folder } = facts;
  const where = `packages/${folder}/${each.file}`;
  const isTest = isForTests(each.file);

  if (each.specifier.startsWith(".")) return inside(each, where, picture);
  if (each.specifier.startsWith("node:")) return [];
  if (isBuiltin(each.specifier)) return [`${where} imports ${each.specifier} without "node:"`];

  const name = packageName(each.specifier);
  if (name === facts.name) return [];
  if (isTest && picture.testTools.includes(name)) return [];

  const sibling = folderOf.get(name);
  if (sibling !== undefined) {
    const bad = between(folder, sibling, where, picture);
    return facts.dependencies.includes(name) ? bad : [...bad, `${where} imports ${name}, which is not declared`];
  }

  if (picture.peers[folder]?.includes(name)) {
    return isTest || each.isTypeOnly ? [] : [`${where} loads the peer ${name}; it may import its types only`];
  }
  const bad = homed(folder, name, where, picture);
  const isDeclared = facts.dependencies.includes(name) || facts.peerDependencies.includes(name);
  if (!isDeclared) bad.push(`${where} imports ${name}, which is not declared`);
  const entry = entryOf(picture, name);
  if (entry !== undefined && !isTest && !each.isTypeOnly && !isPartOf(each.file, entry)) {
    bad.push(`${where} loads ${name}, which only ${entry} may`);
  }
  return bad;
}

/** May the package in one folder use the package in the other? */
function between(from: string, to: string, where: string, { layers }: Picture): string[] {
  const [lower = 0, upper = 0] = [layers[to], layers[from]];
  if (lower > upper) return [`${where} uses ${to}, which is in a higher layer`];
  if (lower === upper && upper === capabilityLayer)
    return [`${where} uses ${to}, and capabilities never use each other`];
  return [];
}

function homed(folder: string, library: string, where: string, picture: Picture): string[] {
  const home = homeOf(picture, library);
  if (home === undefined) return [`${where} uses ${library}, which has no home in the picture`];
  return home === folder ? [] : [`${where} uses ${library}, whose home is ${home}`];
}

/** A relative import stays in its package, and a heavy entry is reached by its name only. */
function inside(each: Import, where: string, picture: Picture): string[] {
  const target = posix.join(posix.dirname(each.file), each.specifier);
  if (isForTests(target) && isForTests(each.file)) return [];
  if (!target.startsWith("src/")) return [`${where} reaches out of its package with ${each.specifier}`];

  const entry = Object.values(picture.entries).find((path) => isPartOf(target, path));
  const isOutside =
    entry !== undefined && where.includes(`/${homeOfEntry(picture, entry)}/`) && !isPartOf(each.file, entry);
  return isOutside && !isForTests(each.file) && !each.isTypeOnly ? [`${where} loads ${entry}, which stands alone`] : [];
}

function homeOfEntry(picture: Picture, entry: string): string | undefined {
  const library = Object.keys(picture.entries).find((name) => picture.entries[name] === entry);
  return library === undefined ? undefined : homeOf(picture, library);
}

function homeOf({ homes }: Picture, library: string): string | undefined {
  return homes[library.replace(/^@types\//, "")];
}

function entryOf({ entries }: Picture, library: string): string | undefined {
  return entries[library];
}

/** A file belongs to the entry src/start.ts when it is that file or lies in the folder src/start/. */
function isPartOf(file: string, entry: string): boolean {
  return file === entry || file.startsWith(entry.replace(/\.ts$/, "/"));
}

/** Tests stand beside what they test; what several of them share stands in src/scripted/ or in test/. */
function isForTests(file: string): boolean {
  return /^(test|src\/scripted)\//.test(file) || /\.test(-d)?\.ts$/.test(file);
}

function packageName(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
