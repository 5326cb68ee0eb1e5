/** Lets SIGTERM and SIGINT end the process in good order: once gently, the second time at once. Returns what takes the listeners away. */
export function endOnSignals(leave: () => Promise<void>): () => void {
  let isLeaving = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    const code = signal === "SIGINT" ? 130 : 143;
    if (isLeaving) process.exit(code);
    isLeaving = true;
    void leave().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  return () => {
    process.off("SIGTERM", onSignal);
    process.off("SIGINT", onSignal);
  };
}
