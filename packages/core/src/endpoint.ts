import type { SlotHolder } from "./slot.ts";

/** Where a running copy of a service stands in its life. Only `UP` takes calls. */
export type InstanceStatus = "STARTING" | "UP" | "DRAINING" | "DOWN" | "OUT_OF_SERVICE";

/** One running copy of a service, as the registry knows it. */
export interface Instance {
  /** Unique among all instances of all services, and the same for the life of the process. */
  readonly id: string;
  readonly service: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: "http" | "https";
  /** What subsets select by. `version` is also a label. */
  readonly labels: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly zone?: string;
  readonly region?: string;
  /** Share of traffic against its peers. @default 1 */
  readonly weight: number;
  readonly status: InstanceStatus;
}

/** Why an endpoint gets no calls for a while. */
export type EjectionReason = "consecutive-failures" | "connect-failed" | "silent";

/**
 * What this process has seen of an endpoint. The health policy (stage 9) writes it, the balancer (stage 8) reads it:
 * data that travels against the flow.
 */
export class EndpointHealth {
  /** Attempts under way. */
  inFlight = 0;
  /** Attempts under way whose answer has begun (a download, an event stream): what they still owe is only its rest. */
  answering = 0;
  /** When it began to owe an answer: the last attempt that was sent while it owed none. */
  quietSince = 0;
  consecutiveFailures = 0;
  consecutiveConnectFailures = 0;
  /** When the last answer of any kind came; `-Infinity` before the first. */
  lastAnswerAt: number = Number.NEGATIVE_INFINITY;
  ejectedAt: number | undefined = undefined;
  /** When the ejection is to be looked at again. */
  ejectedUntil = 0;
  ejectedFor: EjectionReason | undefined = undefined;
  /** How often in a row it was ejected: the next ejection is longer. */
  timesEjected = 0;
  /** Attempts in all, for the state page. */
  attempts = 0;
  failures = 0;
}

/** An instance as a caller sees it: where it is, and how it has done so far. It lives across snapshots while id and address stay. */
export class Endpoint implements SlotHolder {
  readonly id: string;
  readonly service: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: "http" | "https";
  /** `http://10.0.0.7:8080`; IPv6 addresses in brackets. */
  readonly origin: string;
  /** The newest word of the registry about it. */
  instance: Instance;
  readonly health: EndpointHealth = new EndpointHealth();
  slots: unknown[] = [];

  constructor(instance: Instance) {
    this.id = instance.id;
    this.service = instance.service;
    this.address = instance.address;
    this.port = instance.port;
    this.protocol = instance.protocol;
    const host = instance.address.includes(":") ? `[${instance.address}]` : instance.address;
    this.origin = `${instance.protocol}://${host}:${instance.port}`;
    this.instance = instance;
  }

  /** True when `instance` is this endpoint: the same process at the same place. */
  isSame(instance: Instance): boolean {
    return (
      instance.id === this.id &&
      instance.address === this.address &&
      instance.port === this.port &&
      instance.protocol === this.protocol
    );
  }
}

/** The endpoints of a service at one moment. Never changed, only replaced. */
export interface EndpointSnapshot {
  /** Grows with every change. */
  readonly revision: number;
  /** Those that take calls. */
  readonly endpoints: readonly Endpoint[];
}

export const emptySnapshot: EndpointSnapshot = Object.freeze({ revision: 0, endpoints: Object.freeze([]) });

/**
 * A service, or a subset of it, as a place to send calls to. Policies keep their per-destination state in its slots;
 * discovery replaces its snapshot.
 */
export class Destination implements SlotHolder {
  /** `orders` or `orders|v2`: what people read. */
  readonly name: string;
  readonly service: string;
  readonly subset: string | undefined;
  slots: unknown[] = [];
  snapshot: EndpointSnapshot = emptySnapshot;

  constructor(service: string, subset?: string) {
    this.service = service;
    this.subset = subset;
    this.name = subset === undefined ? service : `${service}|${subset}`;
  }
}
