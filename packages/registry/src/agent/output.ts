const outputLimit = 4_096;
const expired = "TTL expired";

/** Cuts a check's output as Consul does. */
export function cutOutput(output: string): string {
  const bytes = Buffer.byteLength(output);
  if (bytes <= outputLimit) return output;
  const kept = Buffer.from(output).subarray(0, outputLimit).toString("utf8").replace(/�+$/, "");
  return `${kept} ... (captured ${outputLimit} of ${bytes} bytes)`;
}

/** True for what a check says since its beats have stopped. */
export function isExpiredOutput(output: string): boolean {
  return output.startsWith(expired);
}

/** What a check says once its beats stop. */
export function expiredOutput(lastOutput: string): string {
  return lastOutput === "" ? expired : `${expired} (last output before timeout follows): ${lastOutput}`;
}
