/** A check that the registry carries out itself. */
export interface Probe {
  readonly kind: "http" | "tcp" | "grpc" | "script" | "alias";
  /** A URL, `host:port`, `host:port/service`, or the id of the service that an alias follows. */
  readonly target: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly method?: string;
  readonly header?: Readonly<Record<string, readonly string[]>>;
  readonly body?: string;
  readonly followsRedirects?: boolean;
  readonly usesTls?: boolean;
  readonly skipsVerification?: boolean;
  readonly serverName?: string;
  readonly outputLimit?: number;
  /** The program and its arguments, for a script. */
  readonly command?: readonly string[];
  /** Successes, and failures, in a row before the status follows. */
  readonly successBeforePassing?: number;
  readonly failuresBeforeWarning?: number;
  readonly failuresBeforeCritical?: number;
}
