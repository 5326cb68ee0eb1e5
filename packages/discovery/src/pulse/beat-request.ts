/** The connection settings of a registry that speaks TLS. */
export interface TlsSettings {
  /** The authorities to trust, in PEM. @default those of Node.js */
  readonly ca?: string | readonly string[];
  /** Our own certificate, in PEM, when the registry wants to see one. */
  readonly cert?: string;
  /** Its private key, in PEM. */
  readonly key?: string;
  /** The name that the registry's certificate must have. @default the host of its url */
  readonly servername?: string;
}

/** One heartbeat as a plain HTTP request, which another thread can send: it holds nothing but values. */
export interface BeatRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly tls?: TlsSettings | undefined;
}

/** What the worker is to say while the main loop cannot. */
export interface Word {
  readonly up: BeatRequest;
  /** Said once the main loop has been still for `livenessMs`. */
  readonly down: BeatRequest;
  readonly everyMs: number;
  /** The main loop counts as still after this long without a turn. */
  readonly stillAfterMs: number;
  readonly livenessMs: number;
  readonly timeoutMs: number;
}

export type ToWorker =
  | { readonly type: "word"; readonly word: Word }
  | { readonly type: "turn" }
  | { readonly type: "hush"; readonly number: number };

export type FromWorker =
  | { readonly type: "hushed"; readonly number: number; readonly wasBeating: boolean }
  | { readonly type: "stoodIn"; readonly beats: number; readonly stillMs: number; readonly saidDown: boolean };
