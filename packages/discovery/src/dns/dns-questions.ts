import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";

export interface DnsQuestion {
  readonly host: string;
  readonly srv?: boolean;
  readonly port?: number;
}

/** Where an answer points to. */
interface Place {
  readonly address: string;
  readonly port: number;
  readonly weight: number;
}

export interface DnsAnswer {
  readonly found: readonly Place[];
  readonly ttlMs: number;
}

interface Address {
  readonly address: string;
  readonly ttl: number;
}

/** SRV records that no client would ask one by one. */
const mostTargets = 256;

/** Asks name servers, with connections of its own. An answer without any address is an error: a service that exists has one. */
export class DnsQuestions {
  readonly #resolver: Resolver;
  readonly #kinds = new Map<string, number>();

  constructor({ servers, timeoutMs }: { readonly servers: readonly string[] | undefined; readonly timeoutMs: number }) {
    // Two tries; the second waits twice as long as the first.
    this.#resolver = new Resolver({ timeout: Math.max(1, Math.round(timeoutMs / 3)), tries: 2 });
    if (servers !== undefined) this.#resolver.setServers(servers);
  }

  ask(question: DnsQuestion): Promise<DnsAnswer> {
    return question.srv === true ? this.#services(question) : this.#places(question);
  }

  /** Ends all questions that are under way. */
  close(): void {
    this.#resolver.cancel();
  }

  async #places({ host, port = 80 }: DnsQuestion): Promise<DnsAnswer> {
    const addresses = await this.#addresses(host);
    return {
      found: addresses.map(({ address }) => ({ address, port, weight: 1 })),
      ttlMs: 1_000 * Math.min(...addresses.map(({ ttl }) => ttl)),
    };
  }

  async #services({ host }: DnsQuestion): Promise<DnsAnswer> {
    const records = await this.#resolver.resolveSrv(host);
    // Only the most preferred group is used (RFC 2782); a target of "." says that there is no such service.
    const first = Math.min(...records.map(({ priority }) => priority));
    const preferred = records.filter(({ priority, name }) => priority === first && name !== "" && name !== ".");
    if (preferred.length === 0) throw new Error("the answer is empty");
    const resolved = await Promise.allSettled(
      preferred.slice(0, mostTargets).map(async ({ name, port, weight }) => {
        const addresses = await this.#addresses(name);
        return addresses.map(({ address, ttl }) => ({ address, port, weight: Math.max(1, weight), ttl }));
      }),
    );
    const found = resolved.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    // A target whose address cannot be had now is not a target that is gone: half an answer is none.
    const failure = resolved.find((one) => one.status === "rejected");
    if (found.length === 0 || failure !== undefined) throw failure?.reason ?? new Error("the answer is empty");
    return { found, ttlMs: 1_000 * Math.min(...found.map(({ ttl }) => ttl)) };
  }

  /** Both kinds of addresses. One kind alone is enough, unless there was another that now cannot be had. */
  async #addresses(host: string): Promise<readonly Address[]> {
    if (isIP(host) !== 0) return [{ address: host, ttl: 60 }];
    const [four, six] = await Promise.allSettled([
      this.#resolver.resolve4(host, { ttl: true }),
      this.#resolver.resolve6(host, { ttl: true }),
    ]);
    const found = [four, six].flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    const failures = [four, six].flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
    const isAbsent = (error: Error): boolean =>
      ["ENODATA", "ENOTFOUND"].includes((error as { code?: string }).code ?? "");
    const failure = failures.find((error) => !isAbsent(error));
    const kinds = this.#kinds.get(host) ?? 0;
    const fulfilled = [four, six].filter(({ status }) => status === "fulfilled").length;
    if (found.length === 0 || (failure !== undefined && fulfilled < kinds))
      throw failure ?? failures[0] ?? new Error("the answer is empty");
    this.#kinds.set(host, fulfilled);
    return found;
  }
}
