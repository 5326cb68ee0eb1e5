/** What a client sent cannot be read; the message is the one that Go's decoder would give. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}
