import { relative } from "node:path";

interface Line {
  readonly service?: string;
  readonly event?: string;
  readonly revision?: number;
  readonly changed?: readonly string[];
  readonly added?: readonly string[];
  readonly removed?: readonly string[];
  readonly diagnostics?: readonly Diagnostic[];
  readonly destination?: string;
  readonly event_instance?: string;
  readonly reason?: string;
  readonly timesEjected?: number;
}

interface Diagnostic {
  readonly severity: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** What a line of a service's log says that whoever plays with the shop wants to see at once; mostly nothing. */
export function newsOf(text: string): string | undefined {
  if (!text.startsWith('{"') || !text.includes('"event":')) return undefined;
  const line = parse(text);
  const said = line === undefined ? undefined : inWords(line);
  return said === undefined ? undefined : `${line?.service}: ${said}`;
}

function inWords(line: Line): string | undefined {
  const { event, diagnostics = [] } = line;
  if (event === "policy.rejected")
    return `rules refused, the last good ones stay: ${diagnostics.map(placed).join("; ")}`;
  if (event === "policy.applied" && (line.revision ?? 0) > 1) return `rules applied: ${changesOf(line)}`;
  if (event === "outlier.ejected" && line.timesEjected === 1) {
    return `no more calls to ${line.event_instance} (${line.destination}, ${line.reason})`;
  }
  if (event === "breaker.opened" || event === "breaker.closed") return `${event} for ${line.destination}`;
  return undefined;
}

function changesOf({ added = [], changed = [], removed = [] }: Line): string {
  const parts = [...added.map((name) => `+${name}`), ...changed, ...removed.map((name) => `-${name}`)];
  return parts.length === 0 ? "nothing changed" : parts.join(", ");
}

function placed({ file, line, column, message }: Diagnostic): string {
  return `${relative(process.cwd(), file)}:${line}:${column} ${message}`;
}

function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
