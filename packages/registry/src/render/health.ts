import type { Check } from "../model/check.ts";
import type { Service } from "../model/service.ts";
import type { ServiceGroup } from "../state/service-group.ts";
import type { Store } from "../state/store.ts";
import { renderCheck, sortedChecks } from "./check.ts";
import { renderNode, serfHealth, type NodeFacts } from "./node.ts";
import { renderNodeService } from "./service.ts";

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
  readonly #kept = new WeakMap<ServiceGroup, Map<string, Kept>>();

  constructor(store: Store, node: NodeFacts) {
    this.#store = store;
    this.#node = node;
  }

  /** The instances of a service that bear all `tags`, only healthy ones if so asked. */
  service(name: string, tags: readonly string[], onlyPassing: boolean): Buffer {
    const { catalog } = this.#store;
    const group = catalog.groups.get(name);
    if (group === undefined) return noInstances;
    const index = catalog.indexOf(name);
    let texts = this.#kept.get(group);
    if (texts === undefined) this.#kept.set(group, (texts = new Map()));
    const variant = `${onlyPassing} ${JSON.stringify(tags)}`;
    const kept = texts.get(variant);
    if (kept?.index === index) return kept.text;

    const instances = group.sorted().filter((service) => bearsTags(service.tags, tags));
    const text = Buffer.from(`[${this.#instances(instances, onlyPassing).join(",")}]`);
    // Queries are the clients' to choose: their variety must not fill our memory.
    if (texts.size >= 16) texts.clear();
    texts.set(variant, { index, text });
    return text;
  }

  /** The checks of the node: the one that Consul itself keeps, and its own. */
  nodeChecks(): Check[] {
    const { catalog } = this.#store;
    return [serfHealth(catalog.nodeIndex), ...sortedChecks(catalog.checksOf("").values())];
  }

  #instances(services: readonly Service[], onlyPassing: boolean): string[] {
    const { catalog } = this.#store;
    const node = JSON.stringify(renderNode(this.#node, catalog.nodeIndex));
    const nodeChecks = this.nodeChecks();
    return services.flatMap((service) => {
      const checks = [...nodeChecks, ...sortedChecks(catalog.checksOf(service.id).values())];
      if (onlyPassing && checks.some(({ status }) => status !== "passing")) return [];
      const rendered = JSON.stringify(checks.map((check) => renderCheck(check, this.#node.name)));
      return `{"Node":${node},"Service":${JSON.stringify(renderNodeService(service))},"Checks":${rendered}}`;
    });
  }
}

/** Tags are compared without regard to case; all must be there. */
export function bearsTags(tags: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((tag) => tags.some((each) => each.toLowerCase() === tag.toLowerCase()));
}
