import type { ShopOptions } from "../../examples/shop/src/shop.ts";
import { type Shop, startShop } from "../../examples/shop/src/shop.ts";
import { consulBinary, startConsul } from "./consul.ts";

/** A registry that the same shop runs on. */
export interface Ground {
  readonly name: string;
  /** Why it cannot be used here, said once in the report. */
  readonly missing: string | undefined;
  /** Starts the shop on it; `stop` ends both. */
  start(options?: ShopOptions): Promise<Shop>;
}

/** Our own registry, and a real Consul: the same code, another URL. */
export const grounds: readonly Ground[] = [
  { name: "the embedded registry", missing: undefined, start: (options) => startShop(options) },
  {
    name: "a real Consul",
    missing:
      consulBinary() === undefined ? "no Consul here: run tools/get-consul.sh, or set ENMESH_CONSUL_BIN" : undefined,
    start: async (options) => {
      const consul = await startConsul();
      try {
        const shop = await startShop({ ...options, consulUrl: consul.url });
        const stop = async (): Promise<void> => {
          await shop.stop();
          await consul.stop();
        };
        return { ...shop, stop };
      } catch (error) {
        await consul.stop();
        throw error;
      }
    },
  },
];

interface State {
  readonly services: readonly {
    readonly service: string;
    readonly endpoints: readonly { readonly id: string; readonly origin: string; readonly attempts: number }[];
  }[];
  readonly policies: {
    readonly revision: number;
    readonly isRejected: boolean;
    readonly diagnostics: readonly {
      readonly file: string;
      readonly line: number;
      readonly column: number;
      readonly message: string;
    }[];
  };
}

/** What a process of the shop says of itself. */
export async function stateOf(process: { readonly adminUrl: string | undefined }): Promise<State> {
  const answer = await fetch(`${process.adminUrl}/enmesh/state`);
  return (await answer.json()) as State;
}

/** Attempts that a process has made to the endpoint at this port, as it counted them itself. */
export async function attemptsTo(
  process: { readonly adminUrl: string | undefined },
  service: string,
  port: number,
): Promise<number | undefined> {
  const { services } = await stateOf(process);
  return services.find((one) => one.service === service)?.endpoints.find(({ origin }) => origin.endsWith(`:${port}`))
    ?.attempts;
}

/** How many instances of a service the registry calls healthy. */
export async function passing(registryUrl: string, service: string): Promise<number> {
  const answer = await fetch(`${registryUrl}/v1/health/service/${service}?passing`);
  return ((await answer.json()) as unknown[]).length;
}
