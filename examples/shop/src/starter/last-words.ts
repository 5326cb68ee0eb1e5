import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const enough = 8_192;
const longest = 1_000;

/** The last that a log says: its last line, or an error with all that belongs to it but the stack. */
export function lastWords(file: string): string {
  const lines = tail(file)
    .split("\n")
    .filter((line) => line.trim() !== "");
  const error = lines.findLastIndex((line) => /^\w*Error\b.*:/.test(line));
  if (error === -1) return readable(lines.at(-1) ?? "nothing was logged").slice(0, longest);
  const stack = lines.findIndex((line, at) => at > error && /^ {4}at /.test(line));
  return lines
    .slice(error, stack === -1 ? error + 1 : stack)
    .join("\n")
    .slice(0, longest);
}

function tail(file: string): string {
  try {
    const handle = openSync(file, "r");
    const { size } = fstatSync(handle);
    const buffer = Buffer.alloc(Math.min(size, enough));
    readSync(handle, buffer, 0, buffer.length, size - buffer.length);
    closeSync(handle);
    return buffer.toString("utf8");
  } catch {
    return "";
  }
}

/** Of a JSON line only its message: the rest is for machines. */
function readable(line: string): string {
  if (!line.startsWith("{")) return line;
  try {
    const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } };
    return [msg, err?.message].filter((part) => part !== undefined).join(": ") || line;
  } catch {
    return line;
  }
}
