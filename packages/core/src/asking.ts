import type { Exchange } from "./exchange.ts";
import type { Outcome } from "./outcome.ts";
import type { Scope } from "./pipeline.ts";
import { policyFailed, type Refusal, type Wait } from "./policy.ts";

// While policies are asked, `isAsking` is set: a stop that comes meanwhile (from a listener, from a caller that hears of
// something) waits for their answer, so that whoever admits the call is also told its end.

/**
 * Asks the policies on the way in, from number `from` on, until one has something to say or the call is stopped. Its word is the
 * exchange's `answer`. Returns how many admitted the call. One that throws has refused.
 */
export function ask<X>(exchange: Exchange, { admits, names }: Scope<X>, from: number, call: X): number {
  let index = from;
  let answer: Refusal | Wait | undefined;
  exchange.isAsking = true;
  try {
    for (; index < admits.length && answer === undefined && exchange.stopped === undefined; index++)
      answer = admits[index]?.(call);
  } catch (error) {
    answer = policyFailed(names[index++], error);
  }
  exchange.isAsking = false;
  exchange.answer = answer;
  return answer === undefined ? index : index - 1;
}

/** Tells the first `count` policies the outcome, the last one first. What one of them throws is reported and harms no other. */
export function tell<X>(
  exchange: Exchange,
  { settles, names }: Scope<X>,
  count: number,
  call: X,
  outcome: Outcome,
): void {
  exchange.isAsking = true;
  for (let index = count - 1; index >= 0;) {
    try {
      // One guard around the whole way out; whoever throws only makes it start again behind itself.
      while (index >= 0) settles[index--]?.(call, outcome);
    } catch (error) {
      exchange.runtime.events.report({ type: "policy.failed", policy: names[index + 1], error });
    }
  }
  exchange.isAsking = false;
}

/** The loop sees the call for the first time. */
export function beginLoop(exchange: Exchange): void {
  const { repeat } = exchange.pipeline;
  if (repeat?.begin === undefined) return;
  exchange.isAsking = true;
  try {
    repeat.begin(exchange);
  } catch (error) {
    exchange.runtime.events.report({ type: "policy.failed", policy: repeat.name, error });
  } finally {
    exchange.isAsking = false;
  }
}

/** Asks the loop whether and when to repeat. One that throws does not repeat. */
export function askLoop(exchange: Exchange, outcome: Outcome): number | undefined {
  const { repeat } = exchange.pipeline;
  if (repeat === undefined) return undefined;
  exchange.isAsking = true;
  try {
    return repeat.again(exchange, outcome);
  } catch (error) {
    exchange.runtime.events.report({ type: "policy.failed", policy: repeat.name, error });
    return undefined;
  } finally {
    exchange.isAsking = false;
  }
}
