/** How Eureka says where an instance stands. */
export type EurekaStatus = "UP" | "DOWN" | "STARTING" | "OUT_OF_SERVICE" | "UNKNOWN";

/** A port, and whether it is meant to be called. */
export interface EurekaPort {
  readonly number: number;
  readonly isEnabled: boolean;
}

/** What a Eureka client said of itself, kept to be told again: its service in the catalog is made from it. */
export interface EurekaRecord {
  readonly instanceId: string;
  /** In upper case. */
  readonly app: string;
  readonly hostName: string;
  readonly ipAddr: string;
  /** What counts: overrides and all. */
  readonly status: EurekaStatus;
  /** What an operator wants it to be; `UNKNOWN` where nobody wants anything. */
  readonly overriddenStatus: EurekaStatus;
  readonly port: EurekaPort;
  readonly securePort: EurekaPort;
  readonly countryId: number;
  readonly dataCenter: EurekaDataCenter;
  readonly renewalIntervalInSecs: number;
  readonly durationInSecs: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly links: EurekaLinks;
  readonly isCoordinatingDiscoveryServer: boolean;
  /** Milliseconds since 1970, as are all that follow. */
  readonly registrationTimestamp: number;
  readonly serviceUpTimestamp: number;
  readonly lastUpdatedTimestamp: number;
  readonly lastDirtyTimestamp: number;
}

interface EurekaDataCenter {
  /** Another name would make Java clients choke on the whole list. */
  readonly name: "MyOwn" | "Netflix" | "Amazon";
  readonly metadata: Readonly<Record<string, string>>;
}

/** Names of plain texts that an instance may have, in Eureka's order. */
export const eurekaLinks = [
  "appGroupName",
  "homePageUrl",
  "statusPageUrl",
  "healthCheckUrl",
  "secureHealthCheckUrl",
  "vipAddress",
  "secureVipAddress",
  "asgName",
] as const;

export type EurekaLinks = Readonly<Partial<Record<(typeof eurekaLinks)[number], string>>>;

const statuses: ReadonlySet<string> = new Set<EurekaStatus>(["UP", "DOWN", "STARTING", "OUT_OF_SERVICE", "UNKNOWN"]);

export function isEurekaStatus(text: string): text is EurekaStatus {
  return statuses.has(text);
}
