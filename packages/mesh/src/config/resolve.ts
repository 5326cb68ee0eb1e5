import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, formatDuration, parseDuration, type Problem } from "@enmesh/core";
import { readYaml } from "@enmesh/routing";
import { policyProblems } from "./policy-problems.ts";
import { isLoopback } from "../listen-address.ts";
import { closedGroups, type Field, fields } from "./fields.ts";
import type { MeshOptions } from "./options.ts";

type Tree = Record<string, unknown>;

export interface ConfigSources {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where `enmesh.config.json` or `.yaml` is looked for. */
  readonly directory?: string;
}

/** A configuration that was put together, and where each value came from. */
export interface ResolvedConfig {
  readonly options: MeshOptions;
  /** `option`, `ENMESH_TIMEOUT`, `enmesh.config.yaml:3:1` or `default`. */
  readonly sourceOf: (path: string) => string;
}

/** The file names, in the order in which they are looked for. The first one found is read. */
export const configFileNames: readonly string[] = Object.freeze([
  "enmesh.config.json",
  "enmesh.config.yaml",
  "enmesh.config.yml",
]);

/**
 * Puts the configuration together: options over `ENMESH_*` variables over the file. Whatever is wrong in any of them is
 * told at once.
 *
 * @throws ConfigError `ENMESH_CONFIG_INVALID` with every problem and where it stands
 */
export function resolveConfig(given: MeshOptions, sources: ConfigSources = {}): ResolvedConfig {
  const problems: Problem[] = [];
  const where = new Map<string, string>();
  const tree: Tree = Object.create(null) as Tree;

  const file = readConfigFile(sources.directory ?? process.cwd(), problems);
  lay(tree, file.value, where, file.sourceOf);
  for (const [path, field] of Object.entries(fields)) layVariable(tree, path, field, sources.env ?? process.env, where);
  lay(tree, given as Tree, where, () => "option");
  problems.push(...misspeltVariables(sources.env ?? process.env));

  const sourceOf = (path: string): string => where.get(path) ?? where.get(path.split(".")[0] ?? path) ?? "default";
  problems.push(...check(tree, sourceOf));
  problems.push(...checkTogether(tree, problems, sourceOf));
  problems.push(...policyProblems(tree, problems, sourceOf));
  // A file that cannot be read may well name it.
  if (tree.service === undefined && !problems.some(({ path }) => path === "")) {
    problems.push({ path: "service", message: 'is missing: createMesh({ service: "orders" }), or set ENMESH_SERVICE' });
  }
  if (problems.length > 0) throw new ConfigError("configuration", problems);
  return { options: tree, sourceOf };
}

/** A variable that is nearly one of ours was meant to be it; what is far from all of them is somebody else's. */
function misspeltVariables(env: Readonly<Record<string, string | undefined>>): Problem[] {
  const known = Object.values(fields).flatMap(({ env: name }) => (name === undefined ? [] : [name]));
  return Object.keys(env).flatMap((name) => {
    if (!name.startsWith("ENMESH_") || known.includes(name)) return [];
    const meant = known.find((one) => distance(name, one) <= 2);
    return meant === undefined ? [] : [{ path: name, message: `no such variable; did you mean ${meant}?` }];
  });
}

function check(tree: Tree, sourceOf: (path: string) => string): Problem[] {
  const problems: Problem[] = [];
  const look = (path: string, value: unknown, known: readonly string[]): void => {
    const field = Object.hasOwn(fields, path) ? fields[path] : undefined;
    if (field === undefined)
      problems.push({ path, message: `no such setting${didYouMean(path, known)}`, source: sourceOf(path) });
    else if (value !== undefined) {
      const wrong = field.check(value);
      if (wrong !== undefined)
        problems.push({ path, message: `${wrong}, got ${show(path, value)}`, source: sourceOf(path) });
    }
  };
  for (const [key, value] of Object.entries(tree)) {
    look(
      key,
      value,
      Object.keys(fields).filter((name) => !name.includes(".")),
    );
    if (!closedGroups.includes(key) || typeof value !== "object" || value === null) continue;
    const members = Object.keys(fields).filter((name) => name.startsWith(`${key}.`));
    for (const [member, one] of Object.entries(value)) look(`${key}.${member}`, one, members);
  }
  return problems;
}

/** What is fine by itself, but not with the rest. */
function checkTogether(
  options: MeshOptions,
  problems: readonly Problem[],
  sourceOf: (path: string) => string,
): Problem[] {
  const isWrong = (path: string): boolean => problems.some((problem) => problem.path === path);
  const found: Problem[] = [];
  const heartbeatMs = isWrong("heartbeat") ? 0 : parseDuration(options.heartbeat ?? 5_000);
  if (!isWrong("ttl") && parseDuration(options.ttl ?? 15_000) < 2 * heartbeatMs) {
    const message = `must be at least twice the heartbeat (${formatDuration(heartbeatMs)}): one lost heartbeat must not count as down`;
    found.push({ path: "ttl", message, source: sourceOf(options.ttl === undefined ? "heartbeat" : "ttl") });
  }
  const liveness = isWrong("livenessTimeout") ? false : (options.livenessTimeout ?? false);
  if (liveness !== false && parseDuration(liveness) < heartbeatMs) {
    const message = `must be at least the heartbeat (${formatDuration(heartbeatMs)})`;
    found.push({ path: "livenessTimeout", message, source: sourceOf("livenessTimeout") });
  }
  if (options.services !== undefined && options.registry !== undefined) {
    const message = `cannot be given together with registry (${sourceOf("registry")}): with written-down services, no registry is asked`;
    found.push({ path: "services", message, source: sourceOf("services") });
  }
  const { admin } = options;
  if (admin && typeof admin.host === "string" && !isLoopback(admin.host) && admin.token === undefined) {
    const message = `is needed to listen on ${admin.host}: others can reach it there`;
    found.push({ path: "admin.token", message, source: sourceOf("admin.host") });
  }
  return found;
}

/** A value as it may be shown: secrets are not. */
function show(path: string, value: unknown): string {
  if (isSecret(path)) return notShown;
  const text = written(value).replace(/\/\/[^/@\s]*@/g, "//…@");
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

const notShown = "a value that is not shown";

function isSecret(name: string): boolean {
  return /token|secret|password/i.test(name);
}

function written(value: unknown): string {
  try {
    return JSON.stringify(value, (name, one: unknown) => (isSecret(name) ? notShown : one)) ?? typeof value;
  } catch {
    // A circle, or a bigint.
    return typeof value === "bigint" ? `${value}n` : "an object";
  }
}

function lay(
  tree: Tree,
  over: Tree,
  where: Map<string, string>,
  sourceOf: (path: string) => string,
  prefix = "",
): void {
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const path = prefix + key;
    where.set(path, sourceOf(path));
    const below = tree[key];
    // Only groups of plain settings merge; a runtime or a registry stays the object it is.
    if (prefix === "" && isGroup(below) && isGroup(value)) lay(below, value, where, sourceOf, `${path}.`);
    else {
      tree[key] = prefix === "" && isGroup(value) ? copyOf(value) : value;
      if (prefix === "" && isGroup(value))
        for (const member of Object.keys(value)) where.set(`${path}.${member}`, sourceOf(`${path}.${member}`));
    }
  }
}

function layVariable(
  tree: Tree,
  path: string,
  field: Field,
  env: Readonly<Record<string, string | undefined>>,
  where: Map<string, string>,
): void {
  if (field.env === undefined) return;
  const text = env[field.env];
  if (text === undefined || text === "") return;
  const value = field.fromText === undefined ? text : field.fromText(text);
  const [group = path, member] = path.split(".");
  where.set(path, field.env);
  if (member === undefined) {
    tree[group] = value;
    return;
  }
  const below = tree[group];
  tree[group] = Object.assign(copyOf(isGroup(below) ? below : {}), { [member]: value });
  if (!where.has(group)) where.set(group, field.env);
}

/** Without a prototype: a key such as `__proto__` is a key like any other. */
function copyOf(group: Tree): Tree {
  return Object.assign(Object.create(null) as Tree, group);
}

function isGroup(value: unknown): value is Tree {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !("start" in value) && !("clock" in value);
}

function readConfigFile(directory: string, problems: Problem[]): { value: Tree; sourceOf: (path: string) => string } {
  const fileName = configFileNames.find((name) => existsSync(join(directory, name)));
  if (fileName === undefined) return { value: {}, sourceOf: () => "file" };
  const text = readText(join(directory, fileName), fileName, problems);
  // JSON is YAML too, and this way its problems have a line and a column as well.
  const file = readYaml(text, fileName);
  for (const { message, file: name, line, column } of file.problems)
    problems.push({ path: "", message, source: `${name}:${line}:${column}` });
  const value = file.value ?? {};
  if (!isGroup(value)) problems.push({ path: "", message: "must be a group of settings", source: fileName });
  const sourceOf = (path: string): string => {
    const at = file.positionOf(path);
    return at === undefined ? fileName : `${fileName}:${at.line}:${at.column}`;
  };
  return { value: isGroup(value) ? value : {}, sourceOf };
}

function readText(path: string, fileName: string, problems: Problem[]): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    problems.push({ path: "", message: `cannot be read: ${(error as Error).message}`, source: fileName });
    return "";
  }
}

function didYouMean(path: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, away: distance(path, name) }))
    .toSorted((one, other) => one.away - other.away)[0];
  return near !== undefined && near.away <= 3 ? `; did you mean "${near.name}"?` : `; there are ${known.join(", ")}`;
}

/** Levenshtein's distance. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const change = (row[to - 1] as number) + (one[at - 1] === other[to - 1] ? 0 : 1);
      next[to] = Math.min(change, (row[to] as number) + 1, (next[to - 1] as number) + 1);
    }
    row = next;
  }
  return row[other.length] as number;
}
