import type { Check } from "../model/check.ts";
import type { Service } from "../model/service.ts";
import { renderCheck } from "./check.ts";
import { renderNodeService } from "./service.ts";

/**
 * Services and checks as JSON, written once per value: a value never changes, so that after a change only what is new is
 * written. What nobody lists any more is forgotten with it.
 */
export class KeptTexts {
  readonly #nodeName: string;
  readonly #services = new WeakMap<Service, string>();
  readonly #checks = new WeakMap<Check, string>();

  constructor(nodeName: string) {
    this.#nodeName = nodeName;
  }

  service(service: Service): string {
    let text = this.#services.get(service);
    if (text === undefined) this.#services.set(service, (text = JSON.stringify(renderNodeService(service))));
    return text;
  }

  check(check: Check): string {
    let text = this.#checks.get(check);
    if (text === undefined) this.#checks.set(check, (text = JSON.stringify(renderCheck(check, this.#nodeName))));
    return text;
  }
}
