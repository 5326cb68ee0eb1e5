import { ConfigError, type Duration, parseDuration, type Problem } from "@enmesh/core";

/**
 * Checks the options of one policy: every problem at once, in plain words.
 *
 * @throws ConfigError `ENMESH_OPTION_INVALID` at `done`, when anything was wrong.
 */
export class OptionCheck {
  readonly #policy: string;
  readonly #problems: Problem[] = [];

  constructor(policy: string, given: object, known: object) {
    this.#policy = policy;
    for (const key of Object.keys(given)) {
      if (!Object.hasOwn(known, key))
        this.#problems.push({ path: key, message: `no such option; there are ${Object.keys(known).join(", ")}` });
    }
  }

  count(name: string, value: number, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
    if (!Number.isInteger(value) || value < min || value > max)
      this.#wrong(name, `must be a whole number from ${min} to ${max}, got ${value}`);
    return value;
  }

  number(name: string, value: number, min: number, max: number): number {
    if (!Number.isFinite(value) || value < min || value > max)
      this.#wrong(name, `must be ${min} to ${max}, got ${value}`);
    return value;
  }

  duration(name: string, value: Duration, minMs = 0): number {
    try {
      const ms = parseDuration(value);
      if (ms < minMs) this.#wrong(name, `must be at least ${minMs} ms, got ${ms} ms`);
      return ms;
    } catch (error) {
      this.#wrong(name, (error as Error).message);
      return minMs;
    }
  }

  rule(holds: boolean, name: string, message: string): void {
    if (!holds) this.#wrong(name, message);
  }

  done(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#policy, this.#problems, "ENMESH_OPTION_INVALID");
  }

  #wrong(path: string, message: string): void {
    this.#problems.push({ path, message });
  }
}

/** `given` over `defaults`; an option that is present but undefined counts as absent. */
export function withDefaults<T extends object>(given: Partial<T>, defaults: T): T {
  const merged = { ...defaults };
  for (const key of Object.keys(given) as (keyof T)[]) {
    const value = given[key];
    if (value !== undefined) merged[key] = value;
  }
  return merged;
}
