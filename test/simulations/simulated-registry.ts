import {
  EventChannel,
  type Instance,
  MeshError,
  type MeshEvent,
  type Runtime,
  seededRandom,
  TimerCallback,
} from "@enmesh/core";
import { VirtualTime } from "@enmesh/core/simulation";
import type { DiscoverySource, Registrar, Watch } from "@enmesh/discovery";

/** A world for thousands of clients: one time, one chance, whose seed is printed. */
export interface SimulatedWorld {
  readonly time: VirtualTime;
  readonly runtime: Runtime;
  readonly events: MeshEvent[];
  /** How far the calendar has jumped. */
  wallJumpMs: number;
  pass(ms: number, everyMs?: number): Promise<void>;
}

export function simulatedWorld(name: string, seed = Number(process.env["ENMESH_SEED"] ?? 7)): SimulatedWorld {
  console.log(`${name}: seed ${seed} (ENMESH_SEED sets another)`);
  const time = new VirtualTime();
  const channel = new EventChannel();
  const events: MeshEvent[] = [];
  channel.listen((event) => events.push(event));
  const world: SimulatedWorld = {
    time,
    events,
    wallJumpMs: 0,
    runtime: {
      clock: { now: () => time.now(), wall: () => time.wall() + world.wallJumpMs },
      timers: time,
      random: seededRandom(seed),
      events: channel,
      distrustsItselfUntil: 0,
    },
    pass: async (ms, everyMs = 50) => {
      for (let left = ms; left > 0; left -= everyMs) {
        time.advance(Math.min(everyMs, left));
        for (let turn = 0; turn < 12; turn++) await Promise.resolve();
      }
    },
  };
  return world;
}

interface Held {
  readonly instance: Instance;
  beatAt: number;
}

/** One held question: answered when what it asks for changes, or when its time is over. */
interface Waiting {
  readonly answer: () => void;
  readonly fail: (error: Error) => void;
}

export interface SimulatedRegistryOptions {
  readonly runtime: Runtime;
  readonly ttlMs?: number;
  /** How often those whose lease is over are put out, all at once. */
  readonly sweepMs?: number;
}

/**
 * A registry as plain as can be, without any mercy of its own: it counts every request by the second, loses everything when it restarts, and puts
 * out whoever is silent for longer than the lease.
 */
export class SimulatedRegistry {
  readonly perSecond: number[] = [];
  isUp = true;
  /** Changes an answer before it is told: a registry gone mad. */
  distort: (instances: readonly Instance[]) => readonly Instance[] = (instances) => instances;
  readonly #runtime: Runtime;
  readonly #held = new Map<string, Held>();
  readonly #names = new Set<string>();
  readonly #cutOff = new Set<string>();
  readonly #waiting = new Set<Waiting>();
  readonly #listeners = new Map<string, Set<() => void>>();
  #namesIndex = 1n;

  constructor({ runtime, ttlMs = 15_000, sweepMs = 10_000 }: SimulatedRegistryOptions) {
    this.#runtime = runtime;
    const sweep = new TimerCallback((now) => {
      const before = this.#held.size;
      for (const [id, { beatAt }] of this.#held) if (now - beatAt > ttlMs) this.#held.delete(id);
      if (this.isUp && this.#held.size < before) this.tellAll();
      runtime.timers.schedule(sweep, sweepMs);
    });
    runtime.timers.schedule(sweep, sweepMs);
  }

  get registered(): number {
    return this.#held.size;
  }

  get namesIndex(): bigint {
    return this.#namesIndex;
  }

  /** It goes away; what it knew is lost. */
  crash(): void {
    this.isUp = false;
    this.#held.clear();
    this.#names.clear();
    this.#namesIndex = 1n;
    this.#waiting.forEach(({ fail }) => fail(new Error("the connection closed")));
  }

  cutOff(ids: readonly string[]): void {
    for (const id of ids) this.#cutOff.add(id);
  }

  heal(): void {
    this.#cutOff.clear();
  }

  registrar(): Registrar {
    return {
      name: "simulated registry",
      register: async (instance) => {
        this.#request(instance.id);
        const isNew = !this.#held.has(instance.id);
        this.#held.set(instance.id, { instance, beatAt: this.#runtime.clock.now() });
        if (!this.#names.has(instance.service)) {
          this.#names.add(instance.service);
          this.#namesIndex += 1n;
          this.#waiting.forEach(({ answer }) => answer());
        }
        if (isNew) this.#tell(instance.service);
      },
      report: async (instance, status) => {
        this.#request(instance.id);
        const held = this.#held.get(instance.id);
        if (held === undefined) return "unknown";
        const isNews = held.instance.status !== status;
        this.#held.set(instance.id, { instance: { ...instance, status }, beatAt: this.#runtime.clock.now() });
        if (isNews) this.#tell(instance.service);
        return "taken";
      },
      deregister: async (instance) => {
        this.#request(instance.id);
        this.#held.delete(instance.id);
        this.#tell(instance.service);
      },
      close: () => {},
    };
  }

  /** Answers a question for the names, or holds it. */
  askNames(index: bigint, waitMs: number): { answer: Promise<{ headers: object; body: object }>; cancel(): void } {
    const { timers } = this.#runtime;
    const { promise, resolve, reject } = Promise.withResolvers<{ headers: object; body: object }>();
    const answer = (): void => {
      this.#waiting.delete(waiting);
      timers.cancel(timer);
      resolve({
        headers: { "x-consul-index": String(this.#namesIndex) },
        body: Object.fromEntries([...this.#names].map((name) => [name, []])),
      });
    };
    const fail = (error: Error): void => {
      this.#waiting.delete(waiting);
      timers.cancel(timer);
      reject(error);
    };
    const waiting: Waiting = { answer, fail };
    const timer = new TimerCallback(answer);
    try {
      this.#request("");
      if (index !== this.#namesIndex) answer();
      else {
        this.#waiting.add(waiting);
        timers.schedule(timer, waitMs);
      }
    } catch (error) {
      fail(error as Error);
    }
    return { answer: promise, cancel: () => fail(new Error("cancelled")) };
  }

  /** A source that is told of changes without asking: for the few clients whose views are looked at. */
  source(): DiscoverySource {
    return {
      name: "simulated registry",
      watchNames: (listener) => {
        listener(new Set(["orders"]));
        return { stop: () => {} };
      },
      watchInstances: (service, listener): Watch => {
        const tell = (): void => listener(this.distort(this.#instancesOf(service)));
        const listeners = this.#listeners.get(service) ?? new Set();
        this.#listeners.set(service, listeners.add(tell));
        tell();
        return { stop: () => void listeners.delete(tell) };
      },
      close: () => {},
    };
  }

  tellAll(): void {
    for (const service of this.#listeners.keys()) this.#tell(service);
  }

  #tell(service: string): void {
    for (const tell of this.#listeners.get(service) ?? []) tell();
  }

  #instancesOf(service: string): Instance[] {
    return [...this.#held.values()].map(({ instance }) => instance).filter((one) => one.service === service);
  }

  #request(id: string): void {
    if (!this.isUp || this.#cutOff.has(id))
      throw new MeshError("ENMESH_REGISTRY_UNREACHABLE", "the simulated registry is away");
    const second = Math.floor(this.#runtime.clock.now() / 1_000);
    this.perSecond[second] = (this.perSecond[second] ?? 0) + 1;
  }
}
