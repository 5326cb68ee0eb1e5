import { parsePattern, type Piece } from "./pattern-syntax.ts";
import { FilterError } from "./tokens.ts";

/** A step of the machine: consume a character, split in two, or look at where it stands. */
type Step =
  | { readonly kind: "char"; readonly accepts: (code: number) => boolean; next: number }
  | { readonly kind: "split"; next: number; other: number }
  | { readonly kind: "edge"; readonly at: "start" | "end"; next: number }
  | { readonly kind: "found" };

const mostSteps = 1_000;

/**
 * Compiles a regular expression into a test that takes time in proportion to the text, whatever the expression: a client's
 * `matches` must not be able to stop the registry. The syntax is the common core of RE2; the rest is refused.
 *
 * @throws FilterError
 */
export function linearPattern(source: string): (text: string) => boolean {
  const steps: Step[] = [];
  const start = emit(parsePattern(source), emitOne(steps, { kind: "found" }), steps);
  return (text) => run(steps, start, text);
}

/** Adds the steps of a piece that goes on at `next`, and tells where it begins. Built from the end to the beginning. */
function emit(piece: Piece, next: number, steps: Step[]): number {
  switch (piece.kind) {
    case "char":
      return emitOne(steps, { kind: "char", accepts: piece.accepts, next });
    case "edge":
      return emitOne(steps, { kind: "edge", at: piece.at, next });
    case "sequence":
      return piece.pieces.reduceRight((following, each) => emit(each, following, steps), next);
    case "either":
      return piece.pieces
        .map((each) => emit(each, next, steps))
        .reduceRight((other, first) => emitOne(steps, { kind: "split", next: first, other }));
    case "repeat":
      return emitRepeat(piece, next, steps);
  }
}

function emitRepeat({ piece, least, most }: Extract<Piece, { kind: "repeat" }>, next: number, steps: Step[]): number {
  let following = next;
  if (most === Number.POSITIVE_INFINITY) {
    const loop = { kind: "split" as const, next: 0, other: next };
    following = emitOne(steps, loop);
    loop.next = emit(piece, following, steps);
  } else {
    for (let more = least; more < most; more++) {
      following = emitOne(steps, { kind: "split", next: emit(piece, following, steps), other: next });
    }
  }
  for (let must = 0; must < least; must++) following = emit(piece, following, steps);
  return following;
}

function emitOne(steps: Step[], step: Step): number {
  steps.push(step);
  if (steps.length > mostSteps) throw new FilterError("Failed to compile regular expression: it is too large");
  return steps.length - 1;
}

/** Follows all paths at once: each step is visited at most once per character. */
function run(steps: readonly Step[], start: number, text: string): boolean {
  let current: number[] = [];
  const seenAt = new Int32Array(steps.length).fill(-1);
  for (let at = 0; at <= text.length; at++) {
    // The match may begin anywhere.
    const waiting = [...current, start];
    const ready: number[] = [];
    while (waiting.length > 0) {
      const index = waiting.pop() as number;
      if (seenAt[index] === at) continue;
      seenAt[index] = at;
      const step = steps[index] as Step;
      if (step.kind === "found") return true;
      if (step.kind === "char") ready.push(index);
      else if (step.kind === "split") waiting.push(step.next, step.other);
      else if (step.at === "start" ? at === 0 : at === text.length) waiting.push(step.next);
    }
    const code = text.charCodeAt(at);
    current = [];
    for (const index of ready) {
      const step = steps[index] as Extract<Step, { kind: "char" }>;
      if (step.accepts(code)) current.push(step.next);
    }
  }
  return false;
}
