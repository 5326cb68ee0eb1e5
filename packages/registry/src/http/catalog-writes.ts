import { isDeepStrictEqual } from "node:util";

import { refuseUnclaimable } from "../access/claimable-address.ts";
import type { Change } from "../model/change.ts";
import { isCheckStatus, type Check } from "../model/check.ts";
import { catalogKey, type CatalogNode } from "../model/node.ts";
import type { Service } from "../model/service.ts";
import type { Store } from "../state/store.ts";
import type { CatalogCheckSpec, CatalogRegistration, CatalogServiceSpec } from "./catalog-spec.ts";
import { Rejection } from "./exchange.ts";

/**
 * Lists what somebody registers for others: a node, a service on it, checks of either. Nobody beats these checks: they say
 * what they were last told. All of it is one commit, or none.
 *
 * @throws Rejection in Consul's words.
 */
export function registerInCatalog(store: Store, ownNode: string, given: CatalogRegistration): void {
  checkRegistration(given);
  const node = given.Node === ownNode ? undefined : given.Node;
  store.commit((index) => {
    const changes: Change[] = [];
    if (node !== undefined) changes.push(...nodeChange(store, given, index));
    const service = given.Service === undefined ? undefined : mergeService(store, node, given.Service, index);
    if (service !== undefined) changes.push(...changedService(store, service));
    for (const spec of [...(given.Check === undefined ? [] : [given.Check]), ...given.Checks]) {
      changes.push(...checkChange(store, { node, nodeName: given.Node, spec, service, index }));
    }
    return changes;
  });
}

function checkRegistration({ Node, Address, SkipNodeUpdate, Service, ID }: CatalogRegistration): void {
  if (Node === "") throw new Rejection(500, "Must provide node");
  if (Address === "" && !SkipNodeUpdate) throw new Rejection(500, "Must provide address if SkipNodeUpdate is not set");
  for (const name of [Node, ID, Service?.ID ?? "", Service?.Service ?? ""]) {
    if (/[\u0000-\u001F]/.test(name)) throw new Rejection(400, `Invalid name ${JSON.stringify(name)}`);
  }
  if (Address !== "") refuseUnclaimable(Address, 0);
  if (Service === undefined) return;
  if (Service.Service === "" && Service.ID !== "") throw new Rejection(500, "Must provide service name with ID");
  refuseUnclaimable(Service.Address, Service.Port);
  for (const each of Object.values(Service.TaggedAddresses ?? {})) refuseUnclaimable(each.Address, each.Port);
}

function nodeChange(store: Store, given: CatalogRegistration, index: number): Change[] {
  const before = store.catalog.nodes.get(given.Node);
  if (given.SkipNodeUpdate) {
    if (before === undefined) throw new Rejection(500, "failed inserting node: missing node registration");
    return [];
  }
  const node: CatalogNode = {
    name: given.Node,
    id: given.ID,
    address: given.Address,
    taggedAddresses: plain(given.TaggedAddresses),
    meta: plain(given.NodeMeta),
    createIndex: before?.createIndex ?? index,
    modifyIndex: before?.modifyIndex ?? index,
  };
  return isDeepStrictEqual(before, node) ? [] : [{ op: "node", node: { ...node, modifyIndex: index } }];
}

/** The service as it will be: with the index it has where it stays the same. */
function mergeService(store: Store, node: string | undefined, spec: CatalogServiceSpec, index: number): Service {
  const id = spec.ID === "" ? spec.Service : spec.ID;
  const before = store.catalog.services.get(catalogKey(node, id));
  const service: Service = {
    id,
    ...(node === undefined ? {} : { node }),
    name: spec.Service,
    tags: spec.Tags,
    address: spec.Address,
    port: spec.Port,
    meta: plain(spec.Meta),
    taggedAddresses: plain(spec.TaggedAddresses),
    weights: spec.Weights ?? { Passing: 1, Warning: 1 },
    enableTagOverride: spec.EnableTagOverride,
    createIndex: before?.createIndex ?? index,
    modifyIndex: before?.modifyIndex ?? index,
  };
  return before !== undefined && isDeepStrictEqual(before, service) ? before : { ...service, modifyIndex: index };
}

function changedService(store: Store, service: Service): Change[] {
  const before = store.catalog.services.get(catalogKey(service.node, service.id));
  return before === service ? [] : [{ op: "service", service }];
}

interface CheckParts {
  readonly node: string | undefined;
  readonly nodeName: string;
  readonly spec: CatalogCheckSpec;
  /** The service of the same registration. */
  readonly service: Service | undefined;
  readonly index: number;
}

function checkChange(store: Store, { node, nodeName, spec, service, index }: CheckParts): Change[] {
  if (spec.Node !== "" && spec.Node !== nodeName) {
    throw new Rejection(500, `check node ${JSON.stringify(spec.Node)} does not match node ${JSON.stringify(nodeName)}`);
  }
  const id = spec.CheckID === "" ? spec.Name : spec.CheckID;
  if (id === "" || id.includes("\u0000")) throw new Rejection(400, "Missing check name");
  const owner =
    service !== undefined && service.id === spec.ServiceID
      ? service
      : store.catalog.services.get(catalogKey(node, spec.ServiceID));
  if (owner === undefined && spec.ServiceID !== "") {
    const missing = `Missing service registration on node ${JSON.stringify(nodeName)}`;
    throw new Rejection(500, `failed inserting check: ${missing}`);
  }
  const before = store.catalog.checks.get(catalogKey(node, id));
  const check: Check = {
    id,
    ...(node === undefined ? {} : { node }),
    name: spec.Name,
    notes: spec.Notes,
    status: isCheckStatus(spec.Status) ? spec.Status : "critical",
    output: spec.Output,
    serviceId: owner?.id ?? "",
    serviceName: owner?.name ?? "",
    serviceTags: owner?.tags ?? [],
    type: spec.Type,
    // A check of our own node keeps what the agent knows of it: its beats go on.
    ttlMs: before?.ttlMs ?? 0,
    deregisterAfterMs: before?.deregisterAfterMs ?? 0,
    ...(before?.probe === undefined ? {} : { probe: before.probe }),
    ...(before?.endsService === undefined ? {} : { endsService: before.endsService }),
    ...(isFilled(spec.Definition) ? { definition: spec.Definition } : {}),
    createIndex: before?.createIndex ?? index,
    modifyIndex: before?.modifyIndex ?? index,
  };
  return isDeepStrictEqual(before, check) ? [] : [{ op: "check", check: { ...check, modifyIndex: index } }];
}

function isFilled(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

/** With a prototype, as the log gives it back; null for nothing. */
function plain<T>(map: Readonly<Record<string, T>> | null): Readonly<Record<string, T>> | null {
  return map === null || Object.keys(map).length === 0 ? null : Object.fromEntries(Object.entries(map));
}
