/** One kind of process: its file in src/, its name and version in the mesh, how many run. */
export interface Role {
  readonly service: string;
  readonly version: string;
  readonly file: string;
  readonly count: number;
  /** Routes its calls by the rules in mesh/*.yaml. */
  readonly isRouted?: boolean;
}

const role = (service: string, version: string, count: number, isRouted = false): Role => ({
  service,
  version,
  file: `${service}.ts`,
  count,
  isRouted,
});

/** Who works in the shop: two instances of everything but the gateway, so that any one of them may fail. */
export const roles: readonly Role[] = Object.freeze([
  role("gateway", "v1", 1, true),
  role("catalog", "v1", 2),
  role("catalog", "v2", 2),
  role("orders", "v1", 2, true),
  role("payments", "v1", 2),
  role("users", "v1", 2),
  role("recommendations", "v1", 2),
  role("recommendations", "v2", 2),
]);

export const registryRole: Role = Object.freeze(role("registry", "-", 1));
export const loadRole: Role = Object.freeze(role("load", "-", 1));
