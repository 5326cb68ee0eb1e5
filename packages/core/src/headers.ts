/**
 * The headers that the mesh itself sends between its processes, in one place. None of them is trusted from outside the
 * mesh: an edge drops them.
 */
export const headers: {
  readonly deadline: "x-enmesh-deadline-ms";
  readonly attempt: "x-enmesh-attempt";
  readonly source: "x-enmesh-source";
  readonly draining: "x-enmesh-draining";
  readonly shed: "x-enmesh-shed";
  readonly requestId: "x-request-id";
  readonly traceParent: "traceparent";
  readonly traceState: "tracestate";
  readonly idempotencyKey: "idempotency-key";
} = Object.freeze({
  /**
   * Milliseconds that the caller still waits, and until when it wants the head of an answer: `9995;answer=2995`. Relative, so that clocks need not
   * agree.
   */
  deadline: "x-enmesh-deadline-ms",
  /** Which attempt of its call this is, or of the call it is made for, whichever is more; absent for a first one. */
  attempt: "x-enmesh-attempt",
  /** Who calls: `namespace/service/version`. For telemetry only. */
  source: "x-enmesh-source",
  /** On an answer: the instance is going away, send the next call elsewhere. */
  draining: "x-enmesh-draining",
  /** On an answer: given without running anything; it may be repeated elsewhere. */
  shed: "x-enmesh-shed",
  requestId: "x-request-id",
  traceParent: "traceparent",
  traceState: "tracestate",
  idempotencyKey: "idempotency-key",
});
