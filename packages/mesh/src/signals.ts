type Leave = () => Promise<void>;

/** npm and a terminal both hand a Ctrl-C on: what comes this close together is one wish. */
const oneWishMs = 1_000;

const leaving = new Set<Leave>();
let firstAt: number | undefined;

/**
 * Lets SIGTERM and SIGINT end the process in good order: gently at first, at once when one comes again a second later. Several meshes
 * of a process all leave before it ends. Returns what takes `leave` off again.
 */
export function endOnSignals(leave: Leave): () => void {
  if (leaving.size === 0) {
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  }
  leaving.add(leave);
  return () => {
    leaving.delete(leave);
    // Once the process is ending, a signal must not fall back to killing it.
    if (leaving.size > 0 || firstAt !== undefined) return;
    process.off("SIGTERM", onSignal);
    process.off("SIGINT", onSignal);
  };
}

function onSignal(signal: NodeJS.Signals): void {
  const now = performance.now();
  if (firstAt !== undefined) {
    if (now - firstAt > oneWishMs) process.exit(signal === "SIGINT" ? 130 : 143);
    return;
  }
  firstAt = now;
  void Promise.allSettled([...leaving].map((leave) => leave())).then((results) => {
    process.exit(results.every(({ status }) => status === "fulfilled") ? 0 : 1);
  });
}
