import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** One answer as far as the bench looks at it. */
export interface Reply {
  readonly status: number;
  readonly index: string;
  readonly bytes: number;
}

const nothing: Buffer = Buffer.alloc(0);
const endOfHead = Buffer.from("\r\n\r\n");
/** JSON holds no line breaks of its own. */
const endOfChunks = Buffer.from("\r\n0\r\n\r\n");

/**
 * A raw HTTP/1.1 connection: what it sends is bytes that were made before, and of the answers it reads the status, the
 * index and the length. A client that does more would be slower than what it measures.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #onReply: (reply: Reply) => void;
  /** Of a head, or of the end of a chunked body, what has come so far. */
  #kept: Buffer = nothing;
  /** The answer whose body is being read, and how many bytes of it are still to come; unknown when it comes in chunks. */
  #current: Reply | undefined;
  #missing = 0;

  private constructor(socket: Socket, onReply: (reply: Reply) => void) {
    this.#socket = socket;
    this.#onReply = onReply;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", () => {});
  }

  static async open(url: string, onReply: (reply: Reply) => void): Promise<Connection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, "connect");
    return new Connection(socket, onReply);
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(given: Buffer): void {
    let chunk = given;
    while (chunk.length > 0)
      chunk = this.#current === undefined ? this.#readHead(chunk) : this.#readBody(this.#current, chunk);
  }

  /** Takes the head of an answer and returns what follows it. */
  #readHead(chunk: Buffer): Buffer {
    const bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    const end = bytes.indexOf(endOfHead);
    this.#kept = end === -1 ? bytes : nothing;
    if (end === -1) return nothing;
    const head = bytes.toString("latin1", 0, end);
    const length = numberAfter(head, "content-length: ");
    const index = String(numberAfter(head, "x-consul-index: ") ?? "");
    this.#missing = length ?? Number.POSITIVE_INFINITY;
    const reply = { status: Number(head.slice(9, 12)), index, bytes: length ?? 0 };
    if (length === 0) this.#onReply(reply);
    else this.#current = reply;
    return bytes.subarray(end + 4);
  }

  /** Takes what belongs to the body and returns what follows it. */
  #readBody(reply: Reply, chunk: Buffer): Buffer {
    if (this.#missing === Number.POSITIVE_INFINITY) {
      const bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
      const end = bytes.indexOf(endOfChunks);
      // The end itself may come in two parts.
      this.#kept = end === -1 ? bytes.subarray(-endOfChunks.length) : nothing;
      if (end === -1) return nothing;
      this.#current = undefined;
      this.#onReply(reply);
      return bytes.subarray(end + endOfChunks.length);
    }
    if (chunk.length < this.#missing) {
      this.#missing -= chunk.length;
      return nothing;
    }
    const rest = chunk.subarray(this.#missing);
    this.#current = undefined;
    this.#onReply(reply);
    return rest;
  }
}

function numberAfter(head: string, name: string): number | undefined {
  let at = head.indexOf(name);
  if (at === -1) {
    // Names are written in many ways; only the first look is meant to be quick.
    at = head.toLowerCase().indexOf(name);
    if (at === -1) return undefined;
  }
  return Number.parseInt(head.slice(at + name.length, at + name.length + 16), 10);
}
