import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const enough = 8_192;

/** The last line that a log says something in, short enough for a screen. */
export function lastLine(file: string): string {
  const lines = tail(file).split("\n").filter((line) => line.trim() !== "");
  // A process that dies of an error says its reason before the stack; the reason is what one wants to read.
  const line = lines.findLast((one) => /^(\w*Error|Error)\b.*:/.test(one)) ?? lines.at(-1) ?? "nothing was logged";
  return readable(line).slice(0, 300);
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
