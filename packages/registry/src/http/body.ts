import { DecodeError } from "../go/decode-error.ts";
import type { Decoder } from "../go/decode.ts";
import { parseJson } from "../go/json.ts";
import { Rejection } from "./exchange.ts";

/** Reads a JSON body. @throws Rejection 400 in the words of Consul. */
export function decodeBody<T>(body: Buffer | undefined, decoder: Decoder<T>): T {
  try {
    return decoder(parseJson(body), "");
  } catch (error) {
    if (error instanceof DecodeError) throw new Rejection(400, `Request decode failed: ${error.message}`);
    throw error;
  }
}
