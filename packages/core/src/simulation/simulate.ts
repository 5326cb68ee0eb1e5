import { Attempt } from "../attempt.ts";
import type { AimedCall, RoutedCall } from "../call.ts";
import { answered, failed, isIdempotentMethod } from "../classify.ts";
import { Destination, Endpoint } from "../endpoint.ts";
import { EventChannel, type MeshEvent } from "../events.ts";
import { Exchange } from "../exchange.ts";
import type { FailureCause, Outcome } from "../outcome.ts";
import { errorOf } from "../outcome-error.ts";
import { type Pipeline, pipeline, type RoutedPipeline } from "../pipeline.ts";
import type { Policy, Repeat } from "../policy.ts";
import { seededRandom } from "../random.ts";
import type { Runtime } from "../runtime.ts";
import { TimerCallback } from "../timers.ts";
import { VirtualTime } from "./virtual-time.ts";

/** What a simulated upstream does with one attempt. */
export interface Reply {
  /** The status it answers with; absent when it does not answer. */
  readonly status?: number;
  /** How it fails when it does not answer. A hanging upstream has neither. */
  readonly fails?: FailureCause;
  /** Time until that happens. @default 1 */
  readonly afterMs?: number;
  readonly retryAfterMs?: number;
}

/** An upstream: asked once per attempt that is really sent. */
export type Upstream = (attempt: SimulatedAttempt) => Reply;

/** An upstream that answers with these statuses in turn and then repeats the last one. */
export function scripted(statuses: readonly number[], afterMs = 1): Upstream {
  let next = 0;
  return () => ({ status: statuses[Math.min(next++, statuses.length - 1)] ?? 200, afterMs });
}

/** How one simulated call ended. */
export interface Run {
  readonly attempts: number;
  /** Attempts that reached the upstream. */
  readonly sent: number;
  /** The final status, or 0. */
  readonly status: number;
  /** The final error's code, when it ended without an answer. */
  readonly error: string | undefined;
  readonly elapsedMs: number;
  readonly outcome: Outcome;
}

export interface SimulationOptions {
  readonly seed?: number;
  readonly method?: string;
  /** The time to use, when several simulations share one. */
  readonly time?: VirtualTime;
  readonly endpoint?: Endpoint;
  readonly destination?: Destination;
}

/** A world with its own time and chance. Nothing in it waits in real time; the same seed gives the same run. */
export class Simulation {
  readonly time: VirtualTime;
  readonly runtime: Runtime;
  readonly events: MeshEvent[] = [];
  readonly destination: Destination;
  readonly endpoint: Endpoint;
  readonly method: string;
  sent = 0;
  readonly #upstream: Upstream;
  #pipeline: Pipeline = pipeline().build();

  constructor(upstream: Upstream, options: SimulationOptions = {}) {
    this.time = options.time ?? new VirtualTime();
    const channel = new EventChannel();
    channel.listen((event) => this.events.push(event));
    this.runtime = {
      clock: this.time,
      timers: this.time,
      random: seededRandom(options.seed ?? 1),
      events: channel,
      distrustsItselfUntil: 0,
    };
    this.destination = options.destination ?? new Destination("upstream");
    this.endpoint = options.endpoint ?? simulatedEndpoint("upstream-1");
    this.method = options.method ?? "GET";
    this.#upstream = upstream;
  }

  /** The policies a call passes, outermost first. A repeat opens the loop: what follows, and only that, runs once per attempt. */
  through(...steps: readonly (Policy<AimedCall> | Repeat<RoutedCall>)[]): this {
    // A simulated call knows its destination and endpoint from the start, so that the order is the test's own affair.
    let built = pipeline() as unknown as RoutedPipeline;
    for (const step of steps) {
      built = ("again" in step ? built.repeat(step) : built.through(step as Policy<RoutedCall>)) as RoutedPipeline;
    }
    this.#pipeline = built.build();
    return this;
  }

  /** Carries calls through a finished pipeline, such as one with `route` and `balance`. */
  along(built: Pipeline): this {
    this.#pipeline = built;
    return this;
  }

  reply(attempt: SimulatedAttempt): Reply {
    this.sent += 1;
    return this.#upstream(attempt);
  }

  /** Starts a call now and returns at once; `ended` is told when it is over. */
  start(ended: (run: Run) => void = () => {}): SimulatedExchange {
    const exchange = new SimulatedExchange(this, this.#pipeline, ended);
    exchange.begin();
    return exchange;
  }

  /** Makes one call and lets time pass until it is over, and no longer. */
  one(): Run {
    let ended: Run | undefined;
    this.start((run) => (ended = run));
    const limit = this.time.now() + 86_400_000;
    while (ended === undefined) {
      if (!this.time.step(limit)) throw new Error("simulation: the call hangs; nothing ends it within a day");
    }
    return ended;
  }

  /** Starts `count` calls, one every `everyMs`, and lets time pass until all are over. */
  many(count: number, everyMs: number): Run[] {
    const runs: Run[] = [];
    for (let call = 0; call < count; call++) {
      this.start((run) => runs.push(run));
      this.time.advance(everyMs);
    }
    for (let waited = 0; runs.length < count && waited < 600; waited++) this.time.advance(1_000);
    return runs;
  }
}

/** Starts describing a simulation. */
export function simulate(upstream: Upstream, options: SimulationOptions = {}): Simulation {
  return new Simulation(upstream, options);
}

/** An endpoint for tests. */
export function simulatedEndpoint(
  id: string,
  labels: Readonly<Record<string, string>> = {},
  service = "upstream",
): Endpoint {
  return new Endpoint({
    id,
    service,
    address: "127.0.0.1",
    port: 1 + (hash(id) % 65_000),
    protocol: "http",
    labels,
    weight: 1,
    status: "UP",
  });
}

function hash(text: string): number {
  let value = 0;
  for (const letter of text) value = (Math.imul(value, 31) + (letter.codePointAt(0) ?? 0)) >>> 0;
  return value;
}

const plan = Object.freeze({ name: "simulated" });

export class SimulatedExchange extends Exchange {
  readonly simulation: Simulation;
  readonly method: string;
  readonly path = "/";
  readonly isIdempotent: boolean;
  readonly isReplayable = true;
  readonly #ended: (run: Run) => void;
  ownSent = 0;

  constructor(simulation: Simulation, built: Pipeline, ended: (run: Run) => void) {
    super(simulation.runtime, built, simulation.destination.service);
    this.simulation = simulation;
    this.method = simulation.method;
    this.isIdempotent = isIdempotentMethod(simulation.method);
    this.destination = simulation.destination;
    this.plan = plan;
    this.endpoint = simulation.endpoint;
    this.#ended = ended;
  }

  header(): undefined {
    return undefined;
  }

  protected createAttempt(): SimulatedAttempt {
    return new SimulatedAttempt(this);
  }

  protected deliver(outcome: Outcome): void {
    const error = outcome.status > 0 && outcome.error === undefined ? undefined : errorOf(this, outcome).code;
    this.#ended({
      attempts: this.attempt,
      sent: this.ownSent,
      status: outcome.status,
      error,
      elapsedMs: this.elapsedMs(),
      outcome,
    });
  }
}

export class SimulatedAttempt extends Attempt {
  declare readonly exchange: SimulatedExchange;

  constructor(exchange: SimulatedExchange) {
    super(exchange);
    this.endpoint = exchange.simulation.endpoint;
  }

  protected send(): void {
    const { simulation } = this.exchange;
    this.exchange.ownSent += 1;
    const reply = simulation.reply(this);
    if (reply.status === undefined && reply.fails === undefined) return;
    const timer = new TimerCallback(() => {
      if (this.isOver) return;
      const elapsed = this.elapsedMs();
      if (reply.fails !== undefined) this.fail(failed(reply.fails, new Error(reply.fails), elapsed));
      else if (this.answered(answered(reply.status ?? 200, elapsed, reply.retryAfterMs))) this.finish();
    });
    simulation.time.schedule(timer, reply.afterMs ?? 1);
  }

  protected abandon(): void {}
}
