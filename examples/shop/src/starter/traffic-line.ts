import type { LoadSecond } from "../shop.ts";

/**
 * The traffic of one second in one line, most important first; what does not fit the width is left out whole.
 *
 * `100.00 % of 2,431 ok · 50/s · p50 2.1 ms · p99 8.4 ms · catalog v1 90 % v2 10 % · …`
 */
export function trafficLine({ sent, p50, p99, versions, total }: LoadSecond, width: number): string {
  const parts = [
    `${successOf(total)} of ${(total.sent - underWay(total)).toLocaleString("en")} ok`,
    ...(total.failed + total.wrong === 0
      ? []
      : [`${total.failed} failed`, ...(total.wrong === 0 ? [] : [`${total.wrong} wrong`])]),
    `${sent}/s`,
    `p50 ${p50} ms`,
    `p99 ${p99} ms`,
    ...Object.entries(versions)
      .toSorted(byName)
      .map(([service, counts]) => `${service} ${sharesOf(counts)}`),
  ];
  return parts.reduce((line, part) => (line.length + part.length + 3 <= width ? `${line} · ${part}` : line));
}

export function isAllWell({ total }: LoadSecond): boolean {
  return total.failed + total.wrong === 0;
}

type Total = LoadSecond["total"];

function underWay({ sent, ok, failed, wrong }: Total): number {
  return sent - ok - failed - wrong;
}

/** Rounded down: 100.00 % means that nothing failed at all. */
function successOf({ ok, failed, wrong }: Total): string {
  const over = ok + failed + wrong;
  return over === 0 ? "-" : `${(Math.floor((ok / over) * 10_000) / 100).toFixed(2)} %`;
}

function sharesOf(counts: Readonly<Record<string, number>>): string {
  const all = Object.values(counts).reduce((sum, one) => sum + one, 0);
  return Object.entries(counts)
    .toSorted(byName)
    .map(([version, count]) => `${version} ${Math.round((100 * count) / all)} %`)
    .join(" ");
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one.localeCompare(other);
}
