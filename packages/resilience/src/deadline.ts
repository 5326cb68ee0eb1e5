import {
  type AimedCall,
  type Call,
  type Duration,
  headers,
  type Policy,
  type Refusal,
  refuse,
  type RoutedCall,
  type Runtime,
  Slot,
} from "@enmesh/core";
import { OptionCheck, withDefaults } from "./options.ts";

export interface DeadlineOptions {
  /** How long a call may take in all: queueing, back-off and every attempt. @default "10s" */
  readonly total?: Duration;
  /** Kept back from the caller's remaining time for our own answer. @default "20ms" */
  readonly hopReserve?: Duration;
}

export const deadlineDefaults: Required<DeadlineOptions> = Object.freeze({ total: 10_000, hopReserve: 20 });

/** What the caller itself set as its limit: no rule may put it off. */
const ownLimits = new Slot<number>("call");

/**
 * Ends every call in time: after its own limit, or `total` when it has none, or when whoever waits for us stops waiting, whichever comes first (gRPC's
 * deadline propagation). Nothing is sent when that moment has already passed.
 */
export function deadline(options: DeadlineOptions, runtime: Runtime): Policy<Call> {
  const { totalMs, reserveMs } = checkDeadline(options);
  return {
    name: "deadline",
    admit: (call): Refusal | undefined => {
      const inherited = (call.context?.deadlineAt ?? Number.POSITIVE_INFINITY) - reserveMs;
      const hasOwn = call.deadlineAt !== Number.POSITIVE_INFINITY;
      if (hasOwn) ownLimits.set(call, call.deadlineAt);
      call.deadlineAt = Math.min(hasOwn ? call.deadlineAt : call.startedAt + totalMs, inherited);
      if (inherited === Number.POSITIVE_INFINITY || inherited > runtime.clock.now()) return undefined;
      return refuse("ENMESH_DEADLINE_EXCEEDED", `"${call.service}" was not called: whoever asked no longer waits`, {
        status: 504,
      });
    },
  };
}

/** Lets a route's own `timeout` stand in place of the default, within the caller's own limit and what whoever asked still waits. Stands right after `route`. */
export function routeDeadline(options: DeadlineOptions = {}): Policy<RoutedCall> {
  const { reserveMs } = checkDeadline(options);
  return {
    name: "route-deadline",
    admit: (call): undefined => {
      const { timeoutMs } = call.plan;
      if (timeoutMs === undefined) return;
      const inherited = (call.context?.deadlineAt ?? Number.POSITIVE_INFINITY) - reserveMs;
      const own = ownLimits.get(call) ?? Number.POSITIVE_INFINITY;
      call.deadlineAt = Math.min(own, call.startedAt + timeoutMs, inherited);
    },
  };
}

/** Tells the next hop how long we still wait, and whether this is a repetition. Relative time: clocks need not agree. */
export function deadlineHeaders(): Policy<AimedCall> {
  return {
    name: "deadline-headers",
    admit: (call): undefined => {
      const { deadlineAt, attemptDeadlineAt, attemptStartedAt } = call;
      const answerAt = Math.min(deadlineAt, attemptDeadlineAt);
      if (answerAt !== Number.POSITIVE_INFINITY)
        call.addHeader(headers.deadline, written(deadlineAt - attemptStartedAt, answerAt - attemptStartedAt));
      // A first attempt below a repeated one is a repetition too: without the word passed on, two hops down would repeat again.
      const attempt = Math.max(call.attempt, call.context?.attempt ?? 1);
      if (attempt > 1) call.addHeader(headers.attempt, String(attempt));
    },
  };
}

/** `9995;answer=2995`: the whole call, and where that is sooner, the first byte of an answer. In whole milliseconds, and never 0. */
function written(callMs: number, answerMs: number): string {
  const answer = Math.max(1, Math.floor(answerMs));
  if (callMs === Number.POSITIVE_INFINITY) return `;answer=${answer}`;
  return callMs === answerMs ? `${answer}` : `${Math.max(1, Math.floor(callMs))};answer=${answer}`;
}

function checkDeadline(options: DeadlineOptions): { totalMs: number; reserveMs: number } {
  const merged = withDefaults(options, deadlineDefaults);
  const check = new OptionCheck("deadline", options, deadlineDefaults);
  const totalMs = check.duration("total", merged.total, 1);
  const reserveMs = check.duration("hopReserve", merged.hopReserve);
  check.done();
  return { totalMs, reserveMs };
}
