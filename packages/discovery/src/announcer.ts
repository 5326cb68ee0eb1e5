import type { Instance, MeshError } from "@enmesh/core";

import { Listeners } from "./listeners.ts";
import { isSameInstance } from "./same-instance.ts";
import type { Watch } from "./source.ts";

/** All services of a source that learns of them together, by their names in small letters. */
export type Services = ReadonlyMap<string, { readonly name: string; readonly instances: readonly Instance[] }>;

/** Hands what a source has learnt as a whole to those who watch a part of it: at once to new ones, and to each only what has changed. */
export class Announcer {
  #services: Services | undefined;
  #trouble: MeshError | undefined;
  readonly #troubled = new Listeners<MeshError>();
  readonly #told = new Listeners<Services | undefined>();

  /** True while the last word is trouble. */
  get isTroubled(): boolean {
    return this.#trouble !== undefined;
  }

  /** What was told last. */
  get services(): Services | undefined {
    return this.#services;
  }

  tell(services: Services): void {
    const before = this.isTroubled ? undefined : this.#services;
    this.#services = services;
    this.#trouble = undefined;
    this.#told.tell(before);
  }

  trouble(error: MeshError): void {
    this.#trouble = error;
    this.#troubled.tell(error);
  }

  watchNames(listener: (names: ReadonlySet<string>) => void, onTrouble: (error: MeshError) => void): Watch {
    const names = (): ReadonlySet<string> => new Set([...(this.#services?.values() ?? [])].map(({ name }) => name));
    return this.#watch(
      () => listener(names()),
      (before) => before === undefined || !isSameSet(keysOf(before), keysOf(this.#services)),
      onTrouble,
    );
  }

  watchInstances(
    service: string,
    listener: (instances: readonly Instance[]) => void,
    onTrouble: (error: MeshError) => void,
  ): Watch {
    const key = service.toLowerCase();
    const instances = (services: Services | undefined): readonly Instance[] => services?.get(key)?.instances ?? [];
    return this.#watch(
      () => listener(instances(this.#services)),
      (before) => before === undefined || !isSameList(instances(before), instances(this.#services)),
      onTrouble,
    );
  }

  close(): void {
    this.#told.clear();
    this.#troubled.clear();
  }

  #watch(
    tell: () => void,
    isNews: (before: Services | undefined) => boolean,
    onTrouble: (error: MeshError) => void,
  ): Watch {
    const stops = [
      this.#told.add((before) => isNews(before) && tell()),
      this.#troubled.add((error) => onTrouble(error)),
    ];
    if (this.#services !== undefined) tell();
    if (this.#trouble !== undefined) onTrouble(this.#trouble);
    return { stop: () => stops.forEach((stop) => stop()) };
  }
}

function keysOf(services: Services | undefined): ReadonlySet<string> {
  return new Set(services?.keys());
}

function isSameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((key) => other.has(key));
}

function isSameList(one: readonly Instance[], other: readonly Instance[]): boolean {
  return (
    one.length === other.length && one.every((instance, index) => isSameInstance(instance, other[index] as Instance))
  );
}
