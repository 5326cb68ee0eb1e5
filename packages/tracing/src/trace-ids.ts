import type { Random } from "@enmesh/core";

/** Makes ids. Random enough to tell traces apart, and no secret. */
export interface TraceIds {
  /** 16 hexadecimal digits, never all zero. */
  readonly spanId: () => string;
  /** A whole `traceparent` of a new trace that nobody records. */
  readonly rootTraceParent: () => string;
}

/** The two digits of each byte, as one little-endian 16-bit number. */
const digitsOf = Uint16Array.from({ length: 256 }, (_, byte) => {
  const digits = byte.toString(16).padStart(2, "0");
  return digits.charCodeAt(0) | (digits.charCodeAt(1) << 8);
});

/** What `toString("latin1", …)` ends in, without the 60 ns on the way there. */
interface Latin1Buffer extends Buffer {
  latin1Slice(start: number, end: number): string;
}

/** Writes digits into one prepared buffer and copies the text out once: half the time of joining strings, a tenth of `crypto`. */
export function traceIds(random: Random): TraceIds {
  const text = Buffer.from(`00-${"0".repeat(32)}-${"0".repeat(16)}-00`, "latin1") as Latin1Buffer;
  const view = new DataView(text.buffer, text.byteOffset, text.byteLength);

  function putByte(at: number, byte: number): void {
    view.setUint16(at, digitsOf[byte & 0xff] as number, true);
  }

  function putWord(at: number, word: number): void {
    putByte(at, word >>> 24);
    putByte(at + 2, word >>> 16);
    putByte(at + 4, word >>> 8);
    putByte(at + 6, word);
  }

  function putSpanId(): void {
    const high = randomWord(random);
    putWord(36, high);
    putWord(44, randomWord(random) || (high === 0 ? 1 : 0));
  }

  return {
    spanId: () => {
      putSpanId();
      return text.latin1Slice(36, 52);
    },
    rootTraceParent: () => {
      putWord(3, randomWord(random));
      putWord(11, randomWord(random));
      putWord(19, randomWord(random));
      // One word that is never zero keeps the whole id from being zero.
      putWord(27, randomWord(random) || 1);
      putSpanId();
      return text.latin1Slice(0, 55);
    },
  };
}

function randomWord(random: Random): number {
  return (random() * 0x1_0000_0000) >>> 0;
}
