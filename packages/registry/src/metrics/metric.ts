import type { Tally } from "./tally.ts";

export type Labels = Readonly<Record<string, string>>;

/** One number that is read when somebody asks: what goes up and down, what only grows, or a series of measurements. */
export type Metric =
  | {
      readonly kind: "gauge" | "counter";
      /** `leases`: the prefix is added by whoever writes it down. */
      readonly name: string;
      readonly help: string;
      readonly read: () => readonly { readonly labels: Labels; readonly value: number }[];
    }
  | { readonly kind: "summary"; readonly name: string; readonly help: string; readonly read: () => Tally };

const noLabels: Labels = Object.freeze({});

export function gauge(name: string, help: string, read: () => number): Metric {
  return { kind: "gauge", name, help, read: () => [{ labels: noLabels, value: read() }] };
}

export function counter(name: string, help: string, read: () => number): Metric {
  return { kind: "counter", name, help, read: () => [{ labels: noLabels, value: read() }] };
}
