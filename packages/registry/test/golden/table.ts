import { differences } from "./differences.ts";

const begin = "<!-- differences: written by the golden suite -->";
const end = "<!-- /differences -->";

/** The differences to the recorded answers, as a table. */
export function differencesTable(recorded: ReadonlyMap<string, string>): string {
  const rows = Object.entries(differences).map(
    ([request, { ours, why }]) =>
      `| ${code(request)} | ${code(recorded.get(request) ?? "")} | ${code(ours)} | ${why} |`,
  );
  return ["| Request | Consul 1.8.7 | Here | Why |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** The text with this table in its place. */
export function withTable(text: string, table: string): string {
  const [before = "", rest = ""] = text.split(begin);
  const after = rest.split(end)[1] ?? "";
  return `${before}${begin}\n\n${table}\n\n${end}${after}`;
}

function code(text: string): string {
  const short = text.length > 160 ? `${text.slice(0, 160)}…` : text;
  return `\`${short.trim().replaceAll("`", "'").replaceAll("|", "\\|").replaceAll("\n", " ")}\``;
}
