// The load generator: customers who arrive on a fixed schedule and do not wait for each other (an open loop). Every
// request has an id of its own, every answer is checked. It is no member of the mesh and never repeats a request.
//
//   node src/load.ts --url http://127.0.0.1:8080 --rate 200 --mix catalog=1
//
// It prints one JSON line per second, and its counts at the end (SIGTERM or Ctrl-C).
import { parseArgs } from "node:util";

import { type Ask, asks } from "./load/kinds.ts";
import { loadDefaults } from "./load/reports.ts";
import { send } from "./load/send.ts";
import { Tally } from "./load/tally.ts";
import { sayWhere } from "./starter/announce.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:8080" },
    rate: { type: "string", default: `${loadDefaults.rate}` },
    mix: { type: "string" },
    verify: { type: "boolean", default: false },
  },
});
const url = new URL(values.url);
const mix = values.mix === undefined ? loadDefaults.mix : Object.fromEntries(values.mix.split(",").map(readShare));
const nextAsk = asks(mix, `${process.pid.toString(36)}-${Date.now().toString(36)}`);

const gapMs = 1_000 / Number(values.rate);
const startedAt = performance.now();
const tally = new Tally();
const confirmed: string[] = [];
let count = 0;

const seconds = setInterval(() => say(tally.turn()), 1_000);
let timer = setTimeout(sendDue, 0);
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void finish());
sayWhere({ port: 0 });

/** Sends whatever the schedule says should have been sent by now. */
function sendDue(): void {
  const now = performance.now();
  for (; startedAt + count * gapMs <= now; count += 1) void sendOne(nextAsk(count), startedAt + count * gapMs);
  timer = setTimeout(sendDue, startedAt + count * gapMs - performance.now());
}

async function sendOne(ask: Ask, dueAt: number): Promise<void> {
  tally.sent();
  try {
    const { status, version, text } = await send(url, ask);
    const ms = performance.now() - dueAt;
    if (status >= 400)
      return tally.over("failed", ms, {
        reason: `${ask.path.split(/[/?]/, 3).join("/")} ${status} ${text.slice(0, 120)}`,
      });
    if (!ask.isRight(JSON.parse(text) as object))
      return tally.over("wrong", ms, { reason: `wrong: ${text.slice(0, 120)}` });
    tally.over("ok", ms, { version });
    if (ask.orderId !== undefined) confirmed.push(ask.orderId);
  } catch (error) {
    tally.over("failed", performance.now() - dueAt, { reason: (error as Error).message });
  }
}

async function finish(): Promise<void> {
  clearTimeout(timer);
  const until = performance.now() + 15_000;
  while (tally.underWay > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
  clearInterval(seconds);
  say(tally.turn());
  const lost = values.verify ? await countLost() : undefined;
  say(tally.summary(lost), () => process.exit());
}

/** Orders that were confirmed to the customer and that the shop does not know as paid. */
async function countLost(): Promise<number> {
  let lost = 0;
  const look = async (): Promise<void> => {
    for (let id = confirmed.pop(); id !== undefined; id = confirmed.pop()) {
      const { text } = await send(url, { method: "GET", path: `/api/orders/${id}`, headers: {} });
      if ((JSON.parse(text) as { status?: string }).status !== "paid") lost += 1;
    }
  };
  await Promise.all(Array.from({ length: 16 }, look));
  return lost;
}

function say(report: object, then: () => void = () => {}): void {
  console.log(JSON.stringify(report));
  if (process.send === undefined) then();
  else process.send(report, then);
}

function readShare(part: string): [string, number] {
  const [kind = "", share = "1"] = part.split("=");
  return [kind, Number(share)];
}
