import { codes } from "../diagnostics/codes.ts";
import type { Cursor, Reader, Source } from "../schema/cursor.ts";
import { notYet } from "../schema/not-yet.ts";
import { list, mapOf, object } from "../schema/object.ts";
import { text, word } from "../schema/scalars.ts";
import { hostPattern } from "../names/host-pattern.ts";
import { ruleHost } from "./host.ts";
import type { ResourceHead } from "./resource.ts";
import { readTrafficPolicy, type TrafficPolicy } from "./traffic-policy.ts";
import type { RuleHost } from "./virtual-service.ts";

/** Some instances of a service, told apart by their labels. */
export interface Subset {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What it says itself; the table knows what holds in the end. */
  readonly trafficPolicy?: TrafficPolicy;
  readonly source: Source;
}

/** What holds for the calls to a host, whatever route led there. */
export interface DestinationRule extends ResourceHead {
  readonly host: RuleHost;
  readonly subsets: readonly Subset[];
  readonly trafficPolicy?: TrafficPolicy;
  /** Which callers follow it; absent for all. */
  readonly callerLabels?: Readonly<Record<string, string>>;
}

const labels: Reader<Readonly<Record<string, string>>> = (cursor) => {
  const pairs = mapOf(text)(cursor);
  // Without a prototype: a label may be called `__proto__`.
  return pairs && Object.assign(Object.create(null) as Record<string, string>, Object.fromEntries(pairs));
};

const subsetFields = object({ name: word, labels, trafficPolicy: readTrafficPolicy }, ["name"]);

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const readSubset: Reader<Subset> = (cursor) => {
  const read = subsetFields(cursor);
  if (read === undefined) return undefined;
  if (!dnsLabel.test(read.name)) {
    cursor
      .get("name")
      ?.report(
        "error",
        codes.wrongValue,
        `must be lower-case letters, digits and "-", got ${cursor.get("name")?.shown()}`,
      );
  }
  return { ...read, labels: read.labels ?? {}, source: cursor.source() };
};

const fields = object(
  {
    host: ruleHost,
    subsets: list(readSubset),
    trafficPolicy: readTrafficPolicy,
    workloadSelector: object({ matchLabels: labels }),
    exportTo: notYet("it applies in every namespace"),
  },
  ["host"],
);

/** Reads `spec`. */
export function readDestinationRule(spec: Cursor, head: ResourceHead): DestinationRule | undefined {
  const read = fields(spec);
  if (read === undefined) return undefined;
  const { host, subsets = [], trafficPolicy, workloadSelector } = read;
  checkNames(spec, subsets);
  return {
    ...head,
    host: { ...hostPattern(host), source: spec.get("host")?.source() ?? head.source },
    subsets,
    ...(trafficPolicy === undefined ? {} : { trafficPolicy }),
    ...(workloadSelector === undefined ? {} : { callerLabels: workloadSelector.matchLabels ?? {} }),
  };
}

function checkNames(spec: Cursor, subsets: readonly Subset[]): void {
  const seen = new Set<string>();
  for (const { name, source } of subsets) {
    if (seen.has(name)) {
      const message = `the subset "${name}" is defined twice here; keep one`;
      spec.file.report("error", codes.wrongValue, message, source, spec.resource);
    }
    seen.add(name);
  }
}
