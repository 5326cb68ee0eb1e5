/** A node that somebody else registered for us to list: a database, a service that cannot speak for itself. */
export interface CatalogNode {
  readonly name: string;
  readonly id: string;
  readonly address: string;
  readonly taggedAddresses: Readonly<Record<string, string>> | null;
  readonly meta: Readonly<Record<string, string>> | null;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/**
 * The key of a service or check in the catalog. What lives on our own node (`undefined`) goes by its id; what lives on
 * another node goes by both names, for two nodes may use one id.
 */
export function catalogKey(node: string | undefined, id: string): string {
  return node === undefined ? id : `\u0000${node}\u0000${id}`;
}
