import type { CheckedMetricsOptions } from "./options.ts";

/** What a proxy in our place would have answered, by the first of its flags. */
const statusOfFlag: Readonly<Record<string, string>> = Object.freeze({
  UH: "503",
  UO: "503",
  UF: "503",
  UC: "503",
  UT: "504",
  NR: "404",
  NC: "503",
  RL: "429",
  LR: "503",
  URX: "503",
  "-": "500",
});

/** The value of `response_code`: the status, or for an unanswered call what the options say. Nothing else ever becomes a code. */
export function responseCodes(
  unansweredAs: CheckedMetricsOptions["unansweredAs"],
): (status: number, flags: string) => string {
  return (status, flags) => {
    if (Number.isInteger(status) && status >= 100 && status <= 599) return String(status);
    if (status !== 0) return "unknown";
    return unansweredAs === "zero" ? "0" : (statusOfFlag[flags.split(",")[0] ?? ""] ?? "0");
  };
}
