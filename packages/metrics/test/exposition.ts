/** One line of a scrape. */
export interface Line {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const form = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/** Reads the Prometheus text format; throws at the first line that does not follow it. */
export function parseExposition(text: string): Line[] {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const found = form.exec(line);
    if (found === null) throw new SyntaxError(line);
    const [, name = "", labels = "", value] = found;
    return { name, labels: parseLabels(labels), value: value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value) };
  });
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  label.lastIndex = 0;
  while (label.lastIndex < text.length) {
    const at = label.lastIndex;
    const [, name = "", value = ""] = label.exec(text) ?? [];
    if (name === "" || name in labels) throw new SyntaxError(text.slice(at));
    labels[name] = value.replaceAll(/\\(["\\n])/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
  }
  return labels;
}

/** `sum by (label)` of the lines that are kept. */
export function sumBy(
  lines: readonly Line[],
  by: string,
  keep: (line: Line) => boolean = () => true,
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const line of lines.filter(keep)) sums[line.labels[by] ?? ""] = (sums[line.labels[by] ?? ""] ?? 0) + line.value;
  return sums;
}
