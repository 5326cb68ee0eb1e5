/** What a blocking query can wait for. */
export const topics: {
  readonly services: string;
  readonly checks: string;
  readonly node: string;
  readonly nodes: string;
  readonly sessions: string;
  readonly events: string;
  readonly service: (name: string) => string;
} = Object.freeze({
  /** Which services there are, with which tags. */
  services: "services",
  /** Any check. */
  checks: "checks",
  /** The node's own checks, which count for every service. */
  node: "node",
  /** Which nodes there are. */
  nodes: "nodes",
  /** Any session. */
  sessions: "sessions",
  /** User events, which have nothing to do with the index. */
  events: "events",
  /** The instances of one service and their checks. */
  service: (name: string): string => `service/${name}`,
});
