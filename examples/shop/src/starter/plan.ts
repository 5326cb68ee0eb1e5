/** One kind of process: its file in src/, its name and version in the mesh, how many run. */
export interface Role {
  readonly service: string;
  readonly version: string;
  readonly file: string;
  readonly count: number;
  /** The variable that sets its port, when it has a fixed one. */
  readonly portVariable?: string;
  /** Routes its calls by the rules in mesh/*.yaml. */
  readonly isRouted?: boolean;
}

const role = (service: string, version: string, count: number): Role => ({
  service,
  version,
  file: `${service}.ts`,
  count,
});

/** Who works in the shop: two instances of everything but the gateway, so that any one of them may fail. */
export const roles: readonly Role[] = Object.freeze([
  { ...role("gateway", "v1", 1), isRouted: true, portVariable: "SHOP_GATEWAY_PORT" },
  role("catalog", "v1", 2),
  role("catalog", "v2", 2),
  { ...role("orders", "v1", 2), isRouted: true },
  role("payments", "v1", 2),
  role("users", "v1", 2),
  role("recommendations", "v1", 2),
  role("recommendations", "v2", 2),
]);

export const registryRole: Role = Object.freeze({
  ...role("registry", "-", 1),
  portVariable: "SHOP_REGISTRY_PORT",
});
export const loadRole: Role = Object.freeze(role("load", "-", 1));
