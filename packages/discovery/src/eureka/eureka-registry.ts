import type { Services } from "../announcer.ts";
import { type EurekaRecord, idOf, readInstance } from "./read-instance.ts";

/** What a Eureka server tells: all applications, or the changes of the last minutes. */
export interface EurekaApplications {
  readonly hash: string;
  readonly records: readonly { readonly app: string; readonly record: EurekaRecord }[];
}

/** Reads `{ "applications": … }`, with lists that old servers write as a single element. Undefined when it is something else. */
export function readApplications(value: unknown): EurekaApplications | undefined {
  const applications = member(value, "applications");
  if (!isObject(applications)) return undefined;
  const records = listOf(member(applications, "application")).flatMap((application) => {
    const app = member(application, "name");
    return listOf(member(application, "instance"))
      .filter(isObject)
      .map((record) => ({
        app: typeof app === "string" ? app : String(member(record, "app")),
        record: record as EurekaRecord,
      }));
  });
  const hash = member(applications, "apps__hashcode");
  return { hash: typeof hash === "string" ? hash : "", records };
}

/** A copy of a Eureka server's registry. Deltas keep it fresh, and its hash tells whether they did. */
export class EurekaRegistry {
  #apps = new Map<string, Map<string, EurekaRecord>>();

  replace({ records }: EurekaApplications): void {
    this.#apps = new Map();
    for (const { app, record } of records) this.#put(app, record);
  }

  apply({ records }: EurekaApplications): void {
    for (const { app, record } of records) {
      if (record["actionType"] === "DELETED") this.#remove(app, record);
      else this.#put(app, record);
    }
  }

  /** `DOWN_1_UP_5_`: the statuses by name, each with how many have it. */
  get hash(): string {
    const counts = new Map<string, number>();
    for (const app of this.#apps.values()) {
      for (const { status } of app.values()) {
        const name = typeof status === "string" ? status : "UNKNOWN";
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    return [...counts]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([status, count]) => `${status}_${count}_`)
      .join("");
  }

  services(): Services {
    return new Map(
      [...this.#apps].map(([app, records]) => {
        const name = app.toLowerCase();
        return [name, { name, instances: [...records.values()].map((record) => readInstance(name, record)) }];
      }),
    );
  }

  #put(app: string, record: EurekaRecord): void {
    const key = app.toUpperCase();
    let records = this.#apps.get(key);
    if (records === undefined) this.#apps.set(key, (records = new Map()));
    records.set(idOf(record), record);
  }

  #remove(app: string, record: EurekaRecord): void {
    const key = app.toUpperCase();
    const records = this.#apps.get(key);
    records?.delete(idOf(record));
    if (records?.size === 0) this.#apps.delete(key);
  }
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null || value === "" ? [] : [value];
}

function member(value: unknown, name: string): unknown {
  return isObject(value) ? (value as Record<string, unknown>)[name] : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
