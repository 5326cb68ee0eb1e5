import { Rejection } from "../http/exchange.ts";

/** Where the API is mounted. Below each, one further `v2` changes nothing. */
export const mounts = ["/eureka", "/v2"] as const;

/** What a path says below its mount: its parts, each decoded once. @throws Rejection 400 */
export function partsOf(target: string): string[] {
  const [path = ""] = target.split("?", 1);
  const parts = path.split("/").filter((part) => part !== "");
  const isVersioned = parts[0] === "eureka" && parts[1] === "v2";
  return parts.slice(isVersioned ? 2 : 1).map(decode);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Rejection(400, `invalid URL escape in ${JSON.stringify(part.slice(0, 64))}`);
  }
}
