import { relative } from "node:path";
import { styleText } from "node:util";

import type { LoadSecond, Shop } from "../shop.ts";
import { exitInWords, type Screen } from "./screen.ts";
import { table } from "./table.ts";
import { isAllWell, trafficLine } from "./traffic-line.ts";

/** In a pipe or a file, the traffic is worth a line this often. */
const plainEverySeconds = 5;

/**
 * For people: one table, then what happens, and under it the traffic, kept up to date in place on a terminal.
 * Colours follow NO_COLOR and FORCE_COLOR.
 */
export function textScreen(out: NodeJS.WriteStream): Screen {
  const paint = (style: "red" | "green" | "yellow" | "bold" | "dim", text: string): string =>
    styleText(style, text, { stream: out });
  const isLive = out.isTTY;
  let live = "";
  const saidFailures = new Set<string>();

  const say = (text: string): void => {
    out.write(isLive && live !== "" ? `\r\u001b[2K${text}\n${live}` : `${text}\n`);
  };

  const traffic = (second: LoadSecond): void => {
    for (const reason of Object.keys(second.failures)) {
      if (saidFailures.has(reason) || saidFailures.size >= 20) continue;
      saidFailures.add(reason);
      say(paint("red", `a request failed: ${reason}`));
    }
    const line = trafficLine(second, isLive ? out.columns - 1 : 200);
    const painted = paint(isAllWell(second) ? "green" : "red", line);
    if (isLive) out.write(`\r\u001b[2K${(live = painted)}`);
    else if (second.at % plainEverySeconds === 0) say(painted);
  };

  return {
    ready: (shop, seconds) => readyLines(shop, seconds, paint).forEach(say),
    traffic,
    ended: ({ name, pid, lastWords, logFile }, exit, againInMs) => {
      const next = againInMs === undefined ? "not started again" : `starting it again in ${againInMs / 1_000} s`;
      say(paint("yellow", `${name} (pid ${pid}) ${exitInWords(exit)}; ${next}`));
      say(paint("dim", `  last in ${relative(process.cwd(), logFile)}: ${lastWords.replaceAll("\n", "\n  ")}`));
    },
    again: ({ name, pid, port }) =>
      say(paint("yellow", `${name} is back (pid ${pid}${port === 0 ? "" : `, port ${port}`})`)),
    note: say,
    stopped: (last) => {
      if (isLive && live !== "") out.write("\n");
      live = "";
      const { sent, ok, failed, wrong } = last?.total ?? { sent: 0, ok: 0, failed: 0, wrong: 0 };
      say(`stopped; no process is left; ${sent} requests were sent: ${ok} ok, ${failed} failed, ${wrong} wrong`);
    },
  };
}

function readyLines(
  shop: Shop,
  seconds: number,
  paint: (style: "bold" | "dim" | "green", text: string) => string,
): readonly string[] {
  const rows = shop.processes.map(({ service, version, pid, port, state }) => [
    service,
    version,
    `${pid}`,
    `${port}`,
    state,
  ]);
  const [head = "", ...lines] = table([["SERVICE", "VERSION", "PID", "PORT", "STATE"], ...rows]);
  const gateway = shop.of("gateway")[0];
  return [
    paint("bold", head),
    ...lines,
    "",
    `gateway    ${shop.gatewayUrl}/api/catalog`,
    `registry   ${shop.registryUrl}/v1/catalog/services`,
    `admin      ${gateway?.adminUrl}/enmesh/state  (the gateway's; each process has one)`,
    `logs       ${relative(process.cwd(), shop.folder)}/*.log`,
    "",
    `ready after ${seconds.toFixed(1)} s; kill one, or edit a weight in examples/shop/mesh/catalog.yaml; Ctrl-C stops all`,
    "",
  ];
}
