import type { AimedCall, AttemptCall, Call, RoutedCall } from "./call.ts";
import { Endpoint } from "./endpoint.ts";
import type { BalanceStep, Policy, Repeat, RouteStep, Wait, Refusal } from "./policy.ts";
import type { Attempt } from "./attempt.ts";
import type { Exchange } from "./exchange.ts";
import type { Outcome } from "./outcome.ts";

type Admit<X> = (call: X) => Refusal | Wait | undefined;
type Settle<X> = (call: X, outcome: Outcome) => void;

/** Policies in two flat lists, as the engine walks them: what admits on the way in, what settles on the way out. */
export interface Scope<X> {
  readonly names: readonly string[];
  readonly admits: readonly (Admit<X> | undefined)[];
  readonly settles: readonly (Settle<X> | undefined)[];
}

/** A pipeline that is ready to carry calls. It holds no call's state: build it once. */
export interface Pipeline {
  /** From the door to the retry loop: once per call. */
  readonly callScope: Scope<Exchange>;
  readonly repeat: Repeat<RoutedCall> | undefined;
  /** Inside the loop: once per attempt. */
  readonly attemptScope: Scope<Attempt>;
}

/**
 * Puts policies in order. The type parameter says how much is known of the call at this point, so that the compiler
 * refuses a policy that needs an endpoint before `balance`.
 *
 * @example
 * ```ts
 * import { pipeline } from "@enmesh/core";
 *
 * const seen: string[] = [];
 * const built = pipeline()
 *   .through({ name: "watch", admit: (call) => void seen.push(call.service) })
 *   .build();
 * console.log(built.callScope.names); // [ 'watch' ]
 * ```
 */
export interface PipelineBuilder<C extends Call> {
  /** Adds policies. What is undefined, and policies that do nothing, are left out. */
  through(...policies: readonly (Policy<C> | undefined)[]): PipelineBuilder<C>;
  build(): Pipeline;
}

/** Before `route`. */
export interface CallPipeline extends PipelineBuilder<Call> {
  through(...policies: readonly (Policy<Call> | undefined)[]): CallPipeline;
  route(step: RouteStep): RoutedPipeline;
}

/** After `route`, before `balance`. */
export interface RoutedPipeline extends PipelineBuilder<RoutedCall> {
  through(...policies: readonly (Policy<RoutedCall> | undefined)[]): RoutedPipeline;
  /** Everything after this runs once per attempt. At most one; undefined for a pipeline of a single attempt. */
  repeat(step: Repeat<RoutedCall> | undefined): AttemptPipeline;
  balance(step: BalanceStep): AimedPipeline;
}

/** After `repeat`, before `balance`. */
export interface AttemptPipeline extends PipelineBuilder<AttemptCall> {
  through(...policies: readonly (Policy<AttemptCall> | undefined)[]): AttemptPipeline;
  balance(step: BalanceStep): AimedPipeline;
}

/** After `balance`. */
export interface AimedPipeline extends PipelineBuilder<AimedCall> {
  through(...policies: readonly (Policy<AimedCall> | undefined)[]): AimedPipeline;
}

/** Starts an empty pipeline. */
export function pipeline(): CallPipeline {
  return new Builder();
}

type AnyPolicy = Policy<never>;

class Builder {
  readonly #call: AnyPolicy[] = [];
  readonly #attempt: AnyPolicy[] = [];
  #repeat: Repeat<RoutedCall> | undefined;
  #inAttempt = false;

  through(...policies: readonly (AnyPolicy | undefined)[]): this {
    for (const policy of policies) {
      if (policy === undefined || (policy.admit === undefined && policy.settle === undefined)) continue;
      (this.#inAttempt ? this.#attempt : this.#call).push(policy);
    }
    return this;
  }

  route(step: RouteStep): this {
    const policy: Policy<Exchange> = {
      name: step.name,
      admit: (exchange) => {
        const found = step.route(exchange);
        if (found.type !== "routing") return found;
        exchange.isRoutedTo(found);
        return undefined;
      },
    };
    return this.through(policy);
  }

  repeat(step: Repeat<RoutedCall> | undefined): this {
    if (this.#inAttempt) throw new RangeError("pipeline: repeat stands at most once, and before balance");
    this.#repeat = step;
    this.#inAttempt = true;
    return this;
  }

  balance(step: BalanceStep): this {
    this.#inAttempt = true;
    const policy: Policy<Attempt> = {
      name: step.name,
      admit: (attempt) => {
        const found = step.pick(attempt);
        if (!(found instanceof Endpoint)) return found;
        attempt.isAimedAt(found);
        return undefined;
      },
    };
    return this.through(policy);
  }

  build(): Pipeline {
    return Object.freeze({
      callScope: scope<Exchange>(this.#call),
      repeat: this.#repeat,
      attemptScope: scope<Attempt>(this.#attempt),
    });
  }
}

function scope<X>(policies: readonly AnyPolicy[]): Scope<X> {
  return Object.freeze({
    names: policies.map(({ name }) => name),
    admits: policies.map(({ admit }) => admit as unknown as Admit<X> | undefined),
    settles: policies.map(({ settle }) => settle as unknown as Settle<X> | undefined),
  });
}
