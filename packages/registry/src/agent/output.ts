const outputLimit = 4_096;

/** Cuts a check's output as Consul does. */
export function cutOutput(output: string): string {
  const bytes = Buffer.byteLength(output);
  if (bytes <= outputLimit) return output;
  const kept = Buffer.from(output).subarray(0, outputLimit).toString("utf8").replace(/�+$/, "");
  return `${kept} ... (captured ${outputLimit} of ${bytes} bytes)`;
}

/** What a check says once its beats stop. */
export function expiredOutput(lastOutput: string): string {
  return lastOutput === "" ? "TTL expired" : `TTL expired (last output before timeout follows): ${lastOutput}`;
}
