import type { Clock } from "@enmesh/core";

import type { Answer, Ask } from "../http/exchange.ts";
import { formatOf, textAnswer } from "./format.ts";
import type { Applications } from "./listed.ts";
import type { EurekaView } from "./view.ts";
import { applicationsJson } from "./write-json.ts";
import { applicationsXml } from "./write-xml.ts";

/** The times of renewals in a list are at most this old; everything else in it is never old. */
const freshMs = 30_000;

interface Kept {
  readonly version: number;
  readonly at: number;
  /** Always the same while it is kept: it is compressed once. */
  readonly text: Buffer;
}

/** Writes the lists that clients poll. A text is kept until something changes: a thousand polls of a quiet registry cost one. */
export class ListTexts {
  readonly #view: EurekaView;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(view: EurekaView, clock: Clock) {
    this.#view = view;
    this.#clock = clock;
  }

  answer(ask: Ask, kind: "all" | "delta"): Answer {
    const format = formatOf(ask);
    const write = format === "json" ? applicationsJson : applicationsXml;
    return textAnswer(
      format,
      this.#text(`${kind} ${format}`, () => write(this.#list(kind))),
    );
  }

  #list(kind: "all" | "delta"): Applications {
    return kind === "all" ? this.#view.all() : this.#view.delta();
  }

  #text(key: string, write: () => string): Buffer {
    const { version } = this.#view;
    const now = this.#clock.now();
    const known = this.#kept.get(key);
    if (known !== undefined && known.version === version && now - known.at < freshMs) return known.text;
    const text = Buffer.from(write());
    this.#kept.set(key, { version, at: now, text });
    return text;
  }
}
