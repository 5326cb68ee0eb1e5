import { exitInWords, type Screen } from "./screen.ts";

/** Says everything as one JSON object per line, for programs that watch the shop. */
export function jsonScreen(write: (text: string) => void): Screen {
  const say = (value: object): void => write(`${JSON.stringify(value)}\n`);
  return {
    ready: ({ gatewayUrl, registryUrl, folder, processes }, seconds) =>
      say({
        type: "ready",
        seconds,
        gatewayUrl,
        registryUrl,
        folder,
        processes: processes.map(({ service, version, pid, port, adminUrl, state }) => ({
          service,
          version,
          pid,
          port,
          adminUrl,
          state,
        })),
      }),
    traffic: (second) => say(second),
    ended: ({ name, pid }, exit, againInMs) =>
      say({ type: "ended", process: name, pid, how: exitInWords(exit), ...exit, againInMs }),
    again: ({ name, pid, port }) => say({ type: "again", process: name, pid, port }),
    note: (text) => say({ type: "note", text }),
    stopped: (last) => say({ type: "stopped", total: last?.total, failures: last?.failures }),
  };
}
