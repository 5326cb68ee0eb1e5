import { type Runtime, TimerCallback } from "@enmesh/core";

export interface Settle {
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

/**
 * Waits for something, but not for ever: `begin` starts the wait and returns what gives it up, `late` decides once the time is over. While it
 * waits the process stays alive; nothing else in this package holds it.
 */
export function atMost(
  runtime: Runtime,
  timeoutMs: number,
  begin: (settle: Settle) => () => void,
  late: (settle: Settle) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let giveUp: (() => void) | undefined;
    let isSettled = false;
    const timer = new TimerCallback(() => late(settle));
    const over = (): void => {
      isSettled = true;
      runtime.timers.cancel(timer);
      giveUp?.();
    };
    const settle: Settle = {
      done: () => {
        over();
        resolve();
      },
      failed: (error) => {
        over();
        reject(error);
      },
    };
    runtime.timers.schedule(timer, timeoutMs, true);
    giveUp = begin(settle);
    if (isSettled) giveUp();
  });
}
