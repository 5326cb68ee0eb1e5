import { type AimedCall, headers, type Policy, type Random } from "@enmesh/core";

/** An id that is unlikely to occur twice; it is a label for people, not a secret. */
export function randomRequestId(random: Random): string {
  const part = (): string =>
    Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, "0");
  return `${part()}${part()}${part()}`;
}

/** Passes the id of the request that is being answered on to the calls that are made for it, unless the caller chose another. */
export function passOnRequestId(): Policy<AimedCall> {
  return {
    name: "request-id",
    admit: (call): undefined => {
      if (call.context !== undefined && call.header(headers.requestId) === undefined) {
        call.addHeader(headers.requestId, call.context.requestId);
      }
    },
  };
}
