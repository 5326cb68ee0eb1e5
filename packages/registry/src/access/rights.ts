/** What a token opens: reading all, writing of certain services besides, or everything. */
export type Rights = "read" | "admin" | { readonly write: readonly string[] };

/** Who asks, as far as the registry knows. */
export interface Caller {
  /** The name of the token, never the token. */
  readonly name: string;
  readonly rights: Rights;
}

/** Whoever reaches a registry that asks for no token. */
export const anyone: Caller = Object.freeze({ name: "anyone", rights: "admin" });

/** True when the caller may register and deregister instances of a service. Case does not count: to Eureka it is one name. */
export function mayWrite({ rights }: Caller, service: string): boolean {
  if (typeof rights === "string") return rights === "admin";
  return rights.write.some((name) => name.toLowerCase() === service.toLowerCase());
}
