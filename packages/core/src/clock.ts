/**
 * Where time comes from. All waiting and measuring uses `now`; `wall` is only for what people read and for certificates
 * and tokens, whose validity is told in calendar time.
 */
export interface Clock {
  /** Milliseconds on a clock that never goes backwards. Its zero has no meaning. */
  now(): number;
  /** Milliseconds since 1970. May jump. */
  wall(): number;
}

/** The process's own clock. */
export const systemClock: Clock = Object.freeze({
  now: () => performance.now(),
  wall: () => Date.now(),
});
