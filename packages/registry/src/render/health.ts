import type { Check } from "../model/check.ts";
import type { Service } from "../model/service.ts";
import type { ServiceGroup } from "../state/service-group.ts";
import type { Store } from "../state/store.ts";
import { renderCheck, sortedChecks } from "./check.ts";
import { catalogKey } from "../model/node.ts";
import { KeptTexts } from "./kept-texts.ts";
import { consulVersion, nodeFacts, renderNode, serfHealth, type NodeFacts } from "./node.ts";
import { consulService, renderNodeService } from "./service.ts";

const noInstances = Buffer.from("[]");

interface Kept {
  readonly index: number;
  readonly text: Buffer;
}

/**
 * Writes what health queries answer. A text is kept as long as the index of its service stands still: with a thousand
 * watchers of one service, one text is made, and encoded, per change.
 */
export class HealthTexts {
  readonly #store: Store;
  readonly #node: NodeFacts;
  readonly #texts: KeptTexts;
  readonly #kept = new WeakMap<ServiceGroup, Map<string, Kept>>();

  constructor(store: Store, node: NodeFacts) {
    this.#store = store;
    this.#node = node;
    this.#texts = new KeptTexts(node.name);
  }

  /** The instances of a service that bear all `tags`, only healthy ones if so asked. */
  service(name: string, tags: readonly string[], onlyPassing: boolean): Buffer {
    const { catalog } = this.#store;
    const group = catalog.groups.get(name);
    if (group === undefined && name !== "consul") return noInstances;
    if (group === undefined) return Buffer.from(JSON.stringify(this.entries(name, tags, onlyPassing)));
    const index = catalog.indexOf(name);
    let texts = this.#kept.get(group);
    if (texts === undefined) this.#kept.set(group, (texts = new Map()));
    const variant = `${onlyPassing} ${JSON.stringify(tags)}`;
    const kept = texts.get(variant);
    if (kept?.index === index) return kept.text;

    const text = Buffer.from(this.#text(name, tags, onlyPassing));
    // Queries are the clients' to choose: their variety must not fill our memory.
    if (texts.size >= 16) texts.clear();
    texts.set(variant, { index, text });
    return text;
  }

  /** The same as objects, on the nodes that are asked for. */
  entries(
    name: string,
    tags: readonly string[],
    onlyPassing: boolean,
    isAsked: (node: NodeFacts) => boolean = () => true,
  ): HealthEntry[] {
    return this.#rows(name, tags, onlyPassing, isAsked).map(({ node, service, checks }) => ({
      Node: node.shown,
      Service: renderNodeService(service),
      Checks: [...node.checks, ...checks].map((check) => renderCheck(check, this.#node.name)),
    }));
  }

  /** The same as JSON of `entries`: what has not changed since it was last written is not written again. */
  #text(name: string, tags: readonly string[], onlyPassing: boolean): string {
    const openings = new Map<RowNode, string>();
    const texts = this.#rows(name, tags, onlyPassing, () => true).map(({ node, service, checks }) => {
      let opening = openings.get(node);
      if (opening === undefined) openings.set(node, (opening = `{"Node":${JSON.stringify(node.shown)},"Service":`));
      const checkTexts = [...node.checks, ...checks].map((check) => this.#texts.check(check));
      return `${opening}${this.#texts.service(service)},"Checks":[${checkTexts.join(",")}]}`;
    });
    return `[${texts.join(",")}]`;
  }

  #rows(name: string, tags: readonly string[], onlyPassing: boolean, isAsked: (node: NodeFacts) => boolean): Row[] {
    const { catalog } = this.#store;
    const instances = catalog.groups.get(name)?.sorted() ?? [];
    const own = name === "consul" ? [consulService(catalog.nodeIndex, consulVersion)] : [];
    const nodes = new Map<string | undefined, RowNode>();
    return [...own, ...instances].flatMap((service) => {
      if (!bearsTags(service.tags, tags)) return [];
      let node = nodes.get(service.node);
      if (node === undefined) nodes.set(service.node, (node = this.#rowNode(service.node)));
      if (!isAsked(node.facts)) return [];
      const checks = sortedChecks(catalog.checksOf(catalogKey(service.node, service.id)).values());
      if (onlyPassing && !(node.isPassing && checks.every(({ status }) => status === "passing"))) return [];
      return [{ node, service, checks }];
    });
  }

  #rowNode(name: string | undefined): RowNode {
    const { catalog } = this.#store;
    const facts = nodeFacts(this.#node, catalog, name);
    const checks = this.nodeChecks(name);
    const isPassing = checks.every(({ status }) => status === "passing");
    return { facts, shown: renderNode(facts, catalog.nodeIndex), checks, isPassing };
  }

  /** The checks of a node: of our own, the one that Consul itself keeps, and its own. */
  nodeChecks(node?: string): Check[] {
    const { catalog } = this.#store;
    const registered = sortedChecks(catalog.checksOf(catalogKey(node, "")).values());
    return node === undefined ? [serfHealth(catalog.nodeIndex), ...registered] : registered;
  }
}

/** One instance with its node and its checks: a Go `structs.CheckServiceNode`. */
export interface HealthEntry {
  readonly Node: object;
  readonly Service: object;
  readonly Checks: readonly object[];
}

/** One instance, before it is written. */
interface Row {
  readonly node: RowNode;
  readonly service: Service;
  readonly checks: readonly Check[];
}

interface RowNode {
  readonly facts: NodeFacts;
  readonly shown: object;
  readonly checks: readonly Check[];
  readonly isPassing: boolean;
}

/** Tags are compared without regard to case; all must be there. */
export function bearsTags(tags: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((tag) => tags.some((each) => each.toLowerCase() === tag.toLowerCase()));
}
