import type { Exit, LoadSecond, Shop, ShopProcess } from "../shop.ts";

/** Where the starter says what happens: on a terminal, in a pipe, or as JSON lines. */
export interface Screen {
  ready(shop: Shop, seconds: number): void;
  traffic(second: LoadSecond): void;
  /** A process has ended by itself; `againInMs` says when it is started again, undefined that it is not. */
  ended(process: ShopProcess, exit: Exit, againInMs: number | undefined): void;
  /** It is back. */
  again(process: ShopProcess): void;
  /** Anything else that is worth a line. */
  note(text: string): void;
  stopped(last: LoadSecond | undefined): void;
}

/** How a process ended, in words. */
export function exitInWords({ code, signal }: Exit): string {
  if (signal !== null) return `was killed by ${signal}`;
  return code === 0 || code === 143 ? "has left in good order" : `crashed with exit code ${code}`;
}
