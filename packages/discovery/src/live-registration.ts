import { type Instance, type InstanceStatus, MeshError, type Runtime } from "@enmesh/core";

import { atMost } from "./at-most.ts";
import type { ReadyOptions } from "./directory.ts";
import { HealthWatch } from "./health-check.ts";
import { LeaseWriter } from "./lease-writer.ts";
import { Lifecycle } from "./lifecycle.ts";
import { checkRegistration, type RegistrationOptions } from "./registration-options.ts";
import type { Registration } from "./registration.ts";
import type { Registrar } from "./source.ts";

/** The registration at work: it turns what it is asked into wishes, and waits for the registry to take them. */
export class LiveRegistration implements Registration {
  readonly #announced: Instance;
  readonly #registrar: Registrar;
  readonly #runtime: Runtime;
  readonly #lifecycle = new Lifecycle();
  readonly #writer: LeaseWriter;
  readonly #health: HealthWatch | undefined;
  #wantsUp = false;
  #ailment: string | undefined;
  #drained: Promise<void> | undefined;
  #deregistered: Promise<void> | undefined;

  constructor(options: RegistrationOptions) {
    const checked = checkRegistration(options);
    const { instance, heartbeatMs, lease, livenessMs, healthTimeoutMs: timeoutMs } = checked;
    this.#announced = instance;
    this.#registrar = options.registrar;
    this.#runtime = options.runtime;
    const { registrar, runtime } = options;
    const lifecycle = this.#lifecycle;
    this.#writer = new LeaseWriter({ registrar, instance, lifecycle, lease, heartbeatMs, livenessMs, runtime });
    const { healthCheck: check } = options;
    if (check !== undefined) {
      const onResult = (ailment: string | undefined): void => this.#examined(ailment);
      this.#health = new HealthWatch({ check, everyMs: heartbeatMs, timeoutMs, runtime, onResult });
    }
    this.#writer.hasten();
  }

  get instance(): Instance {
    const { status } = this.#lifecycle.wish;
    return { ...this.#announced, status: status === "GONE" ? "DRAINING" : status };
  }

  get isRegistered(): boolean {
    return this.#writer.isRegistered;
  }

  get trouble(): string | undefined {
    return this.#writer.lastError?.message;
  }

  async ready({ timeoutMs = 5_000 }: ReadyOptions = {}): Promise<void> {
    if (this.#wantsUp && !this.#lifecycle.isLeaving) await this.#health?.start();
    return this.#acknowledged(timeoutMs, () => this.#writer.lastError ?? this.#silence(timeoutMs));
  }

  up(): void {
    this.#wantsUp = true;
    if (this.#health === undefined) return this.#become("UP", "UP");
    void this.#health.start().then(() => this.#examined(this.#ailment));
  }

  down(reason: string): void {
    this.#wantsUp = false;
    this.#become("DOWN", `DOWN: ${reason}`);
  }

  drain({ timeoutMs = 1_000 }: ReadyOptions = {}): Promise<void> {
    this.#drained ??= this.#leave("DRAINING", timeoutMs, "registration.draining");
    return this.#drained;
  }

  deregister(options: ReadyOptions = {}): Promise<void> {
    this.#deregistered ??= this.#deregister(options);
    return this.#deregistered;
  }

  /** What the service's own check says counts for as long as it is wanted up. */
  #examined(ailment: string | undefined): void {
    const { service, id } = this.#announced;
    const wasIll = this.#ailment !== undefined;
    this.#ailment = ailment;
    if (ailment !== undefined && !wasIll)
      this.#runtime.events.report({ type: "health.failed", service, id, reason: ailment });
    if (ailment === undefined && wasIll) this.#runtime.events.report({ type: "health.recovered", service, id });
    if (!this.#wantsUp) return;
    if (ailment === undefined) this.#become("UP", "UP");
    else this.#become("DOWN", `DOWN: ${ailment}`);
  }

  async #deregister({ timeoutMs = 1_000 }: ReadyOptions): Promise<void> {
    // Who watches must see it leave: what vanishes without a word is kept as last known to be good.
    await this.drain({ timeoutMs });
    await this.#leave("GONE", timeoutMs, "registration.deregistered");
    this.#writer.isRegistered = false;
    this.#writer.stop();
    this.#registrar.close();
  }

  async #leave(status: "DRAINING" | "GONE", timeoutMs: number, type: string): Promise<void> {
    this.#health?.stop();
    this.#become(status, status);
    await this.#acknowledged(timeoutMs, () => undefined);
    const { service, id } = this.#announced;
    this.#runtime.events.report({ type, service, id, isAcknowledged: this.#writer.isAcknowledged });
  }

  #become(status: InstanceStatus | "GONE", note: string): void {
    if (this.#lifecycle.become(status, note)) this.#writer.hasten();
  }

  #acknowledged(timeoutMs: number, late: () => MeshError | undefined): Promise<void> {
    const writer = this.#writer;
    if (writer.isAcknowledged) return Promise.resolve();
    return atMost(
      this.#runtime,
      timeoutMs,
      ({ done }) => writer.acknowledged.add(() => writer.isAcknowledged && done()),
      ({ done, failed }) => {
        const error = late();
        if (error === undefined) done();
        else failed(error);
      },
    );
  }

  #silence(timeoutMs: number): MeshError {
    const { service, id } = this.#announced;
    return new MeshError(
      "ENMESH_REGISTRY_UNREACHABLE",
      `${this.#registrar.name} has not taken "${id}" of "${service}" within ${timeoutMs} ms; check that it runs and is not overloaded`,
    );
  }
}
