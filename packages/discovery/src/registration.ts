import type { Instance } from "@enmesh/core";

import type { ReadyOptions } from "./directory.ts";
import { LiveRegistration } from "./live-registration.ts";
import type { RegistrationOptions } from "./registration-options.ts";

/** The announcement of one instance, kept alive by heartbeats and repeated when the registry loses it. */
export interface Registration {
  /** The instance as it is announced, with its present status. */
  readonly instance: Instance;
  /** True while the registry is known to have it. */
  readonly isRegistered: boolean;
  /** Why the newest word did not reach the registry, until one does. */
  readonly trouble: string | undefined;
  /** Resolves once the registry has taken the present status. Rejects when it did not in time; the registration keeps trying all the same. */
  ready(options?: ReadyOptions): Promise<void>;
  /** Takes calls from now on. Nothing happens once it is draining. */
  up(): void;
  /** Takes no calls for now, because the service's own health check says so. Nothing happens once it is draining. */
  down(reason: string): void;
  /** Takes no new calls, for ever. Resolves when the registry knows, at the latest after `timeoutMs` (1000); it never rejects. */
  drain(options?: ReadyOptions): Promise<void>;
  /** Takes the instance out of the registry and closes the registrar. Drains first when that has not been done. Never rejects, and takes at most `timeoutMs` (1000) for each step. */
  deregister(options?: ReadyOptions): Promise<void>;
}

/**
 * Announces an instance, as STARTING, and keeps it announced until it is deregistered.
 *
 * @throws ConfigError `ENMESH_OPTION_INVALID` when the instance or a time cannot be used; it names all problems.
 * @example
 * ```ts
 * import { createRuntime } from "@enmesh/core";
 * import { consulRegistrar, createRegistration } from "@enmesh/discovery";
 *
 * const runtime = createRuntime();
 * const registration = createRegistration({
 *   registrar: consulRegistrar({ url: "http://127.0.0.1:8500", runtime }),
 *   instance: { id: "orders-1", service: "orders", address: "127.0.0.1", port: 3001, protocol: "http", labels: {}, weight: 1 },
 *   runtime,
 * });
 * registration.up();
 * await registration.deregister();
 * ```
 */
export function createRegistration(options: RegistrationOptions): Registration {
  return new LiveRegistration(options);
}
