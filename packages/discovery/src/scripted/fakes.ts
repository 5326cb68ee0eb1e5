import {
  EventChannel,
  type Instance,
  type InstanceStatus,
  MeshError,
  type MeshEvent,
  type Runtime,
  seededRandom,
} from "@enmesh/core";
import { VirtualTime } from "@enmesh/core/simulation";

import { createDirectory, type Directory, type DirectoryOptions } from "../directory.ts";
import type { DiscoverySource, Lease, Registrar, Watch } from "../source.ts";

/** A world with its own time and chance, and a record of what was reported in it. */
export interface World {
  readonly time: VirtualTime;
  readonly runtime: Runtime;
  readonly events: MeshEvent[];
  /** Lets time pass in small steps, and lets promises settle in each. */
  pass(ms: number): Promise<void>;
  typesOf(prefix: string): string[];
}

export function world(seed = 1): World {
  const time = new VirtualTime();
  const channel = new EventChannel();
  const events: MeshEvent[] = [];
  channel.listen((event) => events.push(event));
  return {
    time,
    events,
    runtime: { clock: time, timers: time, random: seededRandom(seed), events: channel, distrustsItselfUntil: 0 },
    typesOf: (prefix) => events.map(({ type }) => type).filter((type) => type.startsWith(prefix)),
    pass: async (ms) => {
      await settled();
      for (let left = ms; left > 0; left -= 50) {
        time.advance(Math.min(50, left));
        await settled();
      }
    },
  };
}

/** Lets every promise settle that can. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await Promise.resolve();
}

export function instanceOf(id: string, changes: Partial<Instance> = {}): Instance {
  const port = 3_000 + [...id].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0);
  return {
    id,
    service: "orders",
    address: "127.0.0.1",
    port,
    protocol: "http",
    labels: {},
    weight: 1,
    status: "UP",
    ...changes,
  };
}

/** A source whose answers come from the test. */
export class ScriptedSource implements DiscoverySource {
  readonly name = "registry http://scripted";
  readonly asked: string[] = [];
  isAuthoritative = false;
  isClosed = false;
  stopped = 0;
  #names: { tell: (names: ReadonlySet<string>) => void; trouble: (error: MeshError) => void } | undefined;
  readonly #services = new Map<
    string,
    { tell: (instances: readonly Instance[]) => void; trouble: (error: MeshError) => void }
  >();

  watchNames(tell: (names: ReadonlySet<string>) => void, trouble: (error: MeshError) => void): Watch {
    this.#names = { tell, trouble };
    return { stop: () => (this.stopped += 1) };
  }

  watchInstances(
    service: string,
    tell: (instances: readonly Instance[]) => void,
    trouble: (error: MeshError) => void,
  ): Watch {
    this.asked.push(service);
    this.#services.set(service, { tell, trouble });
    return { stop: () => (this.stopped += 1) };
  }

  names(...names: string[]): void {
    this.#names?.tell(new Set(names));
  }

  answer(service: string, ...instances: Instance[]): void {
    this.#services.get(service)?.tell(instances);
  }

  goAway(): void {
    const error = new MeshError("ENMESH_REGISTRY_UNREACHABLE", "registry http://scripted cannot be reached: gone");
    this.#names?.trouble(error);
    for (const { trouble } of this.#services.values()) trouble(error);
  }

  close(): void {
    this.isClosed = true;
  }
}

/** How a scripted registrar treats one write: takes it, does not know it, fails, or hangs until it is released. */
export type Treatment = "take" | "unknown" | "fail" | "hang";

/** A registrar that remembers what was written to it, in the order in which it arrived. */
export class ScriptedRegistrar implements Registrar {
  readonly name = "registry http://scripted";
  readonly writes: string[] = [];
  readonly leases: Lease[] = [];
  readonly #hanging: (() => void)[] = [];
  treat: (write: string) => Treatment = () => "take";
  isClosed = false;
  underWay = 0;
  mostUnderWay = 0;

  async register(instance: Instance, lease: Lease): Promise<void> {
    this.leases.push(lease);
    await this.#write(`register ${instance.status}`);
  }

  report(_instance: Instance, status: InstanceStatus, note: string): Promise<"taken" | "unknown"> {
    return this.#write(status === note ? status : `${status} "${note}"`);
  }

  async deregister(): Promise<void> {
    await this.#write("deregister");
  }

  /** Lets every hanging write go through. */
  release(): void {
    for (const go of this.#hanging.splice(0)) go();
  }

  close(): void {
    this.isClosed = true;
  }

  async #write(write: string): Promise<"taken" | "unknown"> {
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    this.writes.push(write);
    const treatment = this.treat(write);
    if (treatment === "hang") await new Promise<void>((go) => this.#hanging.push(go));
    this.underWay -= 1;
    if (treatment === "fail")
      throw new MeshError("ENMESH_REGISTRY_UNREACHABLE", "registry http://scripted cannot be reached: gone");
    return treatment === "unknown" ? "unknown" : "taken";
  }
}

export interface ScriptedDirectory extends World {
  readonly source: ScriptedSource;
  readonly directory: Directory;
}

/** A world with a directory over a scripted source. */
export function scriptedDirectory(
  options: Partial<DirectoryOptions> & { readonly isAuthoritative?: boolean } = {},
): ScriptedDirectory {
  const here = world();
  const source = new ScriptedSource();
  source.isAuthoritative = options.isAuthoritative ?? false;
  return { ...here, source, directory: createDirectory({ source, runtime: here.runtime, ...options }) };
}

/** The ids of the endpoints that take calls. */
export function idsOf(directory: Directory): string[] {
  return directory.view("orders").snapshot.endpoints.map(({ id }) => id);
}

/** What a promise is rejected with; heard from now on, so that it never counts as unhandled. */
export function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
