import {
  type AttemptCall,
  createRuntime,
  Destination,
  FunctionExchange,
  type FunctionClassifier,
  pipeline,
  type Pipeline,
  type Policy,
  type Repeat,
  type RoutedCall,
  type RoutedPipeline,
  type Runtime,
} from "@enmesh/core";

/** One step of a guarded function: a policy, or the loop. What times an attempt stands after the loop. */
export type GuardStep = Policy<AttemptCall> | Repeat<RoutedCall>;

export interface GuardOptions {
  /** Names the function in errors and events. @default the function's own name */
  readonly name?: string;
  /** Running it twice does what running it once does. @default true */
  readonly idempotent?: boolean;
  /** Says what a thrown error means. @default "transient": worth another attempt */
  readonly classify?: FunctionClassifier;
  readonly runtime?: Runtime;
}

/**
 * Wraps a function in the same policies that carry HTTP calls. They stand in the order given, the first one outermost;
 * what follows `retry` runs once per attempt. The function gets its own arguments and nothing else; inside of it,
 * `currentAttempt()` tells the attempt's number, the time that remains, and a signal that aborts when nobody waits any more.
 *
 * @example
 * ```ts
 * import { createRuntime, currentAttempt } from "@enmesh/core";
 * import { guard, retry } from "@enmesh/resilience";
 *
 * const runtime = createRuntime();
 * const read = guard(async (id: number) => {
 *   const attempt = currentAttempt()?.attempt ?? 0;
 *   if (attempt < 2) throw new Error("try again");
 *   return `order ${id} at attempt ${attempt}`;
 * }, [retry({}, runtime)], { runtime });
 *
 * console.log(await read(7)); // order 7 at attempt 2
 * ```
 */
export function guard<This, A extends readonly unknown[], T>(
  action: (this: This, ...input: A) => T | PromiseLike<T>,
  steps: readonly GuardStep[],
  options: GuardOptions = {},
): (this: This, ...input: A) => Promise<T> {
  const runtime = options.runtime ?? sharedRuntime();
  const destination = new Destination(options.name ?? (action.name || "function"));
  const built = pipelineOf(steps);
  const how = { isIdempotent: options.idempotent ?? true, classify: options.classify ?? (() => "transient" as const) };
  return function (...input) {
    const run = (): T | PromiseLike<T> => action.apply(this, input as unknown as [...A]);
    const exchange = new FunctionExchange<T>(runtime, built, destination, run, how);
    exchange.begin();
    return exchange.promise;
  };
}

function pipelineOf(steps: readonly GuardStep[]): Pipeline {
  // A function knows its destination from the start, so that it needs no route.
  let built = pipeline() as unknown as RoutedPipeline;
  if (!steps.some(isLoop)) built = built.repeat(undefined) as RoutedPipeline;
  for (const step of steps)
    built = (isLoop(step) ? built.repeat(step) : built.through(step as Policy)) as RoutedPipeline;
  return built.build();
}

function isLoop(step: GuardStep): step is Repeat<RoutedCall> {
  return "again" in step;
}

let shared: Runtime | undefined;
function sharedRuntime(): Runtime {
  shared ??= createRuntime();
  return shared;
}
