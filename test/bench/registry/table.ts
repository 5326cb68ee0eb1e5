/** A line of the result. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly isBetterWhen: "higher" | "lower";
  readonly must?: Bound;
  readonly aim?: Bound;
}

/** At least so many times what Consul does, or at most so much in all. */
type Bound = { readonly times: number } | { readonly most: number };

/** Writes what was measured, by row and server, and says whether something that must be is not. */
export function tableOf(results: ReadonlyMap<Row, ReadonlyMap<string, number>>): { text: string; isMissed: boolean } {
  const lines = [line(["", "Enmesh", "Consul", "ratio", "must", "aim"])];
  let isMissed = false;
  for (const [row, values] of results) {
    const [ours, theirs] = [values.get("Enmesh"), values.get("Consul")];
    const ratio = ratioOf(row, ours, theirs);
    const [must, aim] = [row.must, row.aim].map((bound) => (bound === undefined ? "" : verdict(bound, ours, ratio)));
    isMissed ||= must?.startsWith("missed") ?? false;
    const ratioText = ratio === undefined ? "" : `${ratio.toFixed(1)}×`;
    lines.push(line([row.name, shown(ours, row.unit), shown(theirs, row.unit), ratioText, must ?? "", aim ?? ""]));
  }
  return { text: lines.join("\n"), isMissed };
}

function ratioOf({ isBetterWhen }: Row, ours: number | undefined, theirs: number | undefined): number | undefined {
  if (ours === undefined || theirs === undefined) return undefined;
  return isBetterWhen === "higher" ? ours / theirs : theirs / ours;
}

/** Without a Consul there is no ratio, and nothing to say about one. */
function verdict(bound: Bound, ours = Number.NaN, ratio: number | undefined): string {
  if ("times" in bound) return ratio === undefined ? "" : `${said(ratio >= bound.times)} (≥ ${bound.times}×)`;
  return `${said(ours <= bound.most)} (≤ ${bound.most})`;
}

function said(isMet: boolean): string {
  return isMet ? "met" : "missed";
}

function shown(value: number | undefined, unit: string): string {
  if (value === undefined) return "";
  return `${value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1)} ${unit}`;
}

function line(cells: readonly string[]): string {
  return cells.map((cell, at) => (at === 0 ? cell.padEnd(58) : cell.padStart(at > 3 ? 15 : 13))).join("");
}
