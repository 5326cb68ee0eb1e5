// What `npm start` runs: starts the shop, shows it, stops it.
import { follow } from "./starter/follow.ts";
import { jsonScreen } from "./starter/json-screen.ts";
import { newsOf } from "./starter/news.ts";
import { Reviver } from "./starter/revive.ts";
import { readSettings, type Settings, usage } from "./starter/settings.ts";
import { textScreen } from "./starter/text-screen.ts";
import { type Shop, ShopError, startShop } from "./shop.ts";

/** One Ctrl-C may arrive twice, from the terminal and from npm, which passes on what it gets; this far apart at most. */
const sameSignalMs = 500;

let shop: Shop | undefined;
let stopping: Promise<void> | undefined;
let stopFollowing = (): void => {};
let lastSignalAt = Number.NEGATIVE_INFINITY;

const settings = settingsOrExit();
const screen = settings.isJson ? jsonScreen((text) => process.stdout.write(text)) : textScreen(process.stdout);
const reviver = new Reviver(screen);

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
process.stdout.on("error", () => onSignal()); // whoever read what we say is gone
await start();

async function start(): Promise<void> {
  const startedAt = performance.now();
  if (!settings.isJson) screen.note("starting the shop …");
  try {
    shop = await startShop({ ...settings.shop, onExit: (one, exit) => reviver.ended(one, exit) });
  } catch (error) {
    if (!(error instanceof ShopError)) throw error;
    console.error(`The shop did not start: ${error.message}`);
    process.exit(1);
  }
  reviver.on();
  screen.ready(shop, (performance.now() - startedAt) / 1_000);
  shop.load?.listen((second) => screen.traffic(second));
  const [gateway] = shop.of("gateway");
  if (gateway !== undefined) stopFollowing = follow(gateway.logFile, (line) => tell(newsOf(line)));
  if (settings.durationMs !== undefined) setTimeout(() => void (stopping ??= stop(shop)), settings.durationMs);
}

function tell(news: string | undefined): void {
  if (news !== undefined) screen.note(news);
}

function onSignal(): void {
  const now = performance.now();
  if (now - lastSignalAt < sameSignalMs) return;
  lastSignalAt = now;
  // While it starts, and the second time, there is nothing to wait for: the processes are killed as we go.
  if (shop === undefined || stopping !== undefined) process.exit(130);
  stopping = stop(shop);
}

async function stop(running: Shop | undefined): Promise<void> {
  reviver.off();
  stopFollowing();
  if (!settings.isJson)
    screen.note("stopping: traffic first, then the services drain, the registry last; Ctrl-C again forces it");
  await running?.stop();
  screen.stopped(running?.load?.seconds.at(-1));
  process.exit(0);
}

function settingsOrExit(): Settings {
  try {
    const read = readSettings(process.argv.slice(2), process.env);
    if (!read.isHelp) return read;
    process.stdout.write(usage);
    process.exit(0);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}
