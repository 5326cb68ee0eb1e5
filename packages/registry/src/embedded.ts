import { checkRegistryOptions, type RegistryOptions } from "./options.ts";
import { startRegistry } from "./registry.ts";

/** A registry that has been started by a mesh. */
export interface StartedRegistry {
  readonly url: string;
  /** What requests must bring, when it asks for a token. */
  readonly token?: string;
  close(): Promise<void>;
}

/** A registry that starts when it is needed. */
export interface EmbeddedRegistry {
  start(): Promise<StartedRegistry>;
}

/**
 * A registry inside this very process, for `createMesh({ registry: embeddedRegistry() })`. Nothing happens before `start`.
 *
 * @example
 * ```ts
 * import { embeddedRegistry } from "@enmesh/registry";
 *
 * const registry = await embeddedRegistry({ port: 0 }).start();
 * console.log(registry.url.startsWith("http://127.0.0.1:")); // true
 * await registry.close();
 * ```
 */
export function embeddedRegistry(options: RegistryOptions = {}): EmbeddedRegistry {
  return {
    async start() {
      const { url, close } = await startRegistry(options);
      const { grants } = checkRegistryOptions(options);
      const token = grants.find(({ rights }) => rights === "admin")?.token;
      return token === undefined ? { url, close } : { url, token, close };
    },
  };
}
