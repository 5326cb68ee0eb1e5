import { closeSync, existsSync, openSync, readSync } from "node:fs";

const everyMs = 250;

/** Calls back with each complete line that is added to a file, from its beginning on. Returns what ends that. */
export function follow(file: string, onLine: (line: string) => void): () => void {
  const buffer = Buffer.alloc(64 * 1_024);
  let offset = 0;
  let rest = "";

  const look = (): void => {
    if (!existsSync(file)) return;
    const handle = openSync(file, "r");
    for (let read = 1; read > 0; offset += read) {
      read = readSync(handle, buffer, 0, buffer.length, offset);
      const lines = (rest + buffer.toString("utf8", 0, read)).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(onLine);
    }
    closeSync(handle);
  };

  const timer = setInterval(look, everyMs);
  return () => clearInterval(timer);
}
