import { done } from "../http/answers.ts";
import type { Context } from "../http/context.ts";
import { durably } from "../http/durable.ts";
import type { Answer, Ask } from "../http/exchange.ts";
import { isEurekaStatus, type EurekaStatus } from "../model/eureka.ts";
import { maintain } from "./consul-instances.ts";
import { formatOf, readBody, refused, textAnswer } from "./format.ts";
import { readInstance, readMetadata } from "./read-instance.ts";
import type { EurekaRegistrations } from "./registrations.ts";
import { fieldOf, readNumber } from "./values.ts";
import type { EurekaView } from "./view.ts";
import { instanceJson } from "./write-json.ts";
import { instanceXml } from "./write-xml.ts";

/** The largest registration. Java's have two thousand bytes or so. */
export const mostInstanceBytes = 65_536;
const unknown: Answer = Object.freeze({ status: 404 });
const registered: Answer = Object.freeze({ status: 204 });

export interface WritesOptions {
  readonly context: Context;
  readonly registrations: EurekaRegistrations;
  readonly view: EurekaView;
}

/** What instances, and operators, ask to be changed. */
export class EurekaWrites {
  readonly #options: WritesOptions;

  constructor(options: WritesOptions) {
    this.#options = options;
  }

  register(ask: Ask, app: string): Answer | Promise<Answer> {
    const { context, registrations } = this.#options;
    const body = readBody(ask, mostInstanceBytes);
    const now = Math.floor(context.runtime.clock.wall());
    const given = readInstance(fieldOf(body, "instance"), app, now);
    return durably(context, () => {
      registrations.register(given, { isReplication: isReplication(ask) });
      return registered;
    });
  }

  /** Waits for no disk, as no beat does: a full one of ours must not make others look dead. */
  renew(ask: Ask, app: string, id: string): Answer {
    const { registrations, view } = this.#options;
    const dirty = ask.query.get("lastDirtyTimestamp");
    const result = registrations.renew(app, id, {
      isReplication: isReplication(ask),
      lastDirtyTimestamp: dirty === null ? undefined : readNumber(dirty, -1, 0, Number.MAX_SAFE_INTEGER),
    });
    if (result === "renewed") return done;
    const newer = result === "outdated" ? view.instance(app, id) : undefined;
    if (newer === undefined) return unknown;
    const format = formatOf(ask);
    return textAnswer(format, format === "json" ? instanceJson(newer) : instanceXml(newer), 409);
  }

  /** An operator may also take away what was registered through the Consul API. */
  cancel(app: string, id: string): Answer | Promise<Answer> {
    const { context, registrations, view } = this.#options;
    return durably(context, () => {
      if (registrations.cancel(app, id)) return done;
      const service = view.service(app, id);
      if (service === undefined || service.node !== undefined) return unknown;
      return context.agent.deregisterService(service.id) ? done : unknown;
    });
  }

  override({ query }: Ask, app: string, id: string): Answer | Promise<Answer> {
    const { context, registrations } = this.#options;
    return durably(context, () => {
      if (!this.#isListed(app, id)) return unknown;
      const status = statusIn(query.get("value") ?? "");
      if (status === undefined) return refused(500, "the value must be a status of Eureka");
      if (registrations.override(app, id, status, dirtyIn(query))) return done;
      return this.#maintain(app, id, status);
    });
  }

  removeOverride({ query }: Ask, app: string, id: string): Answer | Promise<Answer> {
    const { context, registrations } = this.#options;
    return durably(context, () => {
      if (!this.#isListed(app, id)) return unknown;
      const status = statusIn(query.get("value") ?? "UNKNOWN");
      if (status === undefined) return refused(500, "the value must be a status of Eureka");
      if (registrations.removeOverride(app, id, status, dirtyIn(query))) return done;
      return this.#maintain(app, id, "UP");
    });
  }

  addMetadata({ query }: Ask, app: string, id: string): Answer | Promise<Answer> {
    const { context, registrations } = this.#options;
    const given = [...new Set(query.keys())].filter((key) => key !== "token");
    const metadata = readMetadata(Object.fromEntries(given.map((key) => [key, query.get(key) ?? ""])));
    return durably(context, () => {
      if (registrations.addMetadata(app, id, metadata)) return done;
      if (!this.#isListed(app, id)) return unknown;
      return refused(400, "this instance was registered through the Consul API: register it there with another Meta");
    });
  }

  #isListed(app: string, id: string): boolean {
    return this.#options.view.service(app, id) !== undefined;
  }

  #maintain(app: string, id: string, status: EurekaStatus): Answer {
    const { context, view } = this.#options;
    const service = view.service(app, id);
    return service === undefined ? unknown : maintain(context.agent, service, status);
  }
}

/** True for what a Eureka server passes on. We pass nothing on, so that it only matters for what is believed. */
function isReplication({ header }: Ask): boolean {
  return header("x-netflix-discovery-replication") === "true";
}

function statusIn(value: string): EurekaStatus | undefined {
  return isEurekaStatus(value) ? value : undefined;
}

function dirtyIn(query: URLSearchParams): number {
  return readNumber(query.get("lastDirtyTimestamp") ?? "", 0, 0, Number.MAX_SAFE_INTEGER);
}
