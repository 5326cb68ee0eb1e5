import { Readable } from "node:stream";
import { MeshError } from "@enmesh/core";

/** Chunks are kept up to here while nobody reads; then the connection waits. */
const highWaterMark = 64 * 1_024;

export interface BodyControl {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

/**
 * The body of an answer. Reading it whole (`json`, `text`, `bytes`) needs no stream at all; `for await` and `stream()`
 * read it piece by piece, with back-pressure. It can be read once. A small body that nobody reads holds nothing up; a large one
 * holds its connection until it is read, dumped, or the call's time is up.
 */
export class AnswerBody implements AsyncIterable<Uint8Array> {
  readonly #control: BodyControl;
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #isUsed = false;
  #isGathering = false;
  #isPaused = false;
  #hasEnded = false;
  #error: Error | undefined;
  #more: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(control: BodyControl, maxBytes: number) {
    this.#control = control;
    this.#maxBytes = maxBytes;
  }

  /** True once somebody started reading. */
  get bodyUsed(): boolean {
    return this.#isUsed;
  }

  /**
   * The body as JSON.
   * @throws SyntaxError when it is not JSON
   * @throws MeshError `ENMESH_BODY_TOO_LARGE` above `maxBodyBytes`, `ENMESH_BODY_USED` when it was read before, or what broke the connection
   */
  async json<T = unknown>(): Promise<T> {
    return JSON.parse(await this.text()) as T;
  }

  /** The body as UTF-8 text. Throws as `json` does. */
  async text(): Promise<string> {
    const whole = await this.#gather();
    return whole.toString("utf8", whole[0] === 0xef && whole[1] === 0xbb && whole[2] === 0xbf ? 3 : 0);
  }

  /** The body as bytes. Throws as `json` does. */
  bytes(): Promise<Uint8Array> {
    return this.#gather();
  }

  /** The body as a buffer of its own. Throws as `json` does. */
  async arrayBuffer(): Promise<ArrayBuffer> {
    const whole = await this.#gather();
    return whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.byteLength) as ArrayBuffer;
  }

  /** Reads and forgets it. */
  async dump(): Promise<void> {
    for await (const _ of this);
  }

  /** The body as a Node stream. Destroying it ends the call. Throws `ENMESH_BODY_USED` when it was read before. */
  stream(): Readable {
    return Readable.from(this, { objectMode: false });
  }

  /** Piece by piece. From here on the body counts as read; leaving early ends the call. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    this.#use();
    const pieces: AsyncIterableIterator<Uint8Array> = {
      next: () => this.#next(),
      return: () => {
        this.#leave();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => pieces,
    };
    return pieces;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size > highWaterMark && !this.#isGathering && !this.#isPaused) {
      this.#isPaused = true;
      this.#control.pause();
    }
    this.#woken();
  }

  end(): void {
    this.#hasEnded = true;
    this.#woken();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#woken();
  }

  async #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      const value = this.#chunks.shift();
      if (value !== undefined) {
        this.#size -= value.length;
        return { done: false, value };
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#hasEnded) return { done: true, value: undefined };
      // In this order: a connection that goes on may bring the rest, and its end, before `resume` returns.
      const more = this.#wait();
      this.#flow();
      await more;
    }
  }

  #leave(): void {
    this.#chunks = [];
    if (this.#hasEnded || this.#error !== undefined) return;
    this.#control.abort(new MeshError("ENMESH_CANCELLED", "the body was not read to its end"));
  }

  async #gather(): Promise<Buffer> {
    this.#use();
    // What is read whole is bounded by its own limit.
    this.#isGathering = true;
    this.#flow();
    while (!this.#hasEnded) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#size > this.#maxBytes) throw this.#tooLarge();
      await this.#wait();
    }
    if (this.#size > this.#maxBytes) throw this.#tooLarge();
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, this.#size);
  }

  #tooLarge(): MeshError {
    const error = new MeshError(
      "ENMESH_BODY_TOO_LARGE",
      `the body is larger than ${this.#maxBytes} bytes; read it as a stream, or raise maxBodyBytes`,
    );
    this.#chunks = [];
    this.#control.abort(error);
    return error;
  }

  #flow(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#control.resume();
  }

  #wait(): Promise<void> {
    return (this.#more ??= new Promise((resolve) => (this.#wake = resolve)));
  }

  #woken(): void {
    const wake = this.#wake;
    if (wake === undefined) return;
    this.#wake = undefined;
    this.#more = undefined;
    wake();
  }

  #use(): void {
    if (this.#isUsed) throw new MeshError("ENMESH_BODY_USED", "this body was already read; a body can be read once");
    this.#isUsed = true;
  }
}
