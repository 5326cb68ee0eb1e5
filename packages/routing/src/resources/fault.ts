import { codes } from "../diagnostics/codes.ts";
import type { Cursor, Reader } from "../schema/cursor.ts";
import { excludes, object } from "../schema/object.ts";
import { duration, integer, number, word } from "../schema/scalars.ts";

/** Trouble that a rule makes on purpose. Percentages are percent, and none means 0: it never happens. */
export interface HttpFault {
  readonly delay?: { readonly percent: number; readonly fixedDelayMs: number };
  readonly abort?: { readonly percent: number; readonly httpStatus?: number; readonly grpcStatus?: string };
}

const leastPercent = 0.0001;

/** `value: 0.1` is a tenth of a percent. Istio keeps four decimals. */
const percentValue: Reader<number> = (cursor) => {
  const value = number(0, 100)(cursor);
  if (value === undefined || value === 0) return value;
  if (value < leastPercent) {
    return void cursor.report("error", codes.wrongValue, `must be 0, or from ${leastPercent} to 100, got ${value}`);
  }
  const percent = Math.trunc(value * 10_000) / 10_000;
  if (percent < 1) {
    const oneIn = Math.round(100 / percent);
    const asFraction = Math.round(value * 1e6) / 1e4;
    const message = `${value} means ${value} %, 1 call in ${oneIn}; write ${asFraction} for ${asFraction} %`;
    cursor.report("info", codes.smallPercent, message);
  }
  return percent;
};

const percentage = object({ value: percentValue });
const refused: Reader<never> = (cursor) =>
  void cursor.reportKey(
    "error",
    codes.wrongValue,
    "is not supported, by Istio neither; use fixedDelay, httpStatus or grpcStatus",
  );

const delayFields = object({ fixedDelay: duration, percentage, percent: integer(0, 100), exponentialDelay: refused }, [
  "fixedDelay",
]);
const abortFields = object({
  httpStatus: integer(200, 599),
  grpcStatus: word,
  http2Error: refused,
  percentage,
});

const readDelay: Reader<NonNullable<HttpFault["delay"]>> = (cursor) => {
  const read = delayFields(cursor);
  if (read === undefined) return undefined;
  return { percent: percentOf(cursor, read.percentage?.value ?? read.percent), fixedDelayMs: read.fixedDelay };
};

const readAbort: Reader<NonNullable<HttpFault["abort"]>> = (cursor) => {
  const read = abortFields(cursor);
  if (read === undefined || excludes(cursor, ["httpStatus", "grpcStatus"])) return undefined;
  const { httpStatus, grpcStatus } = read;
  if (["httpStatus", "grpcStatus"].every((name) => cursor.get(name) === undefined)) {
    cursor.reportKey("error", codes.missingField, '"httpStatus" (or "grpcStatus") is required here and missing');
  }
  const percent = percentOf(cursor, read.percentage?.value);
  return {
    percent,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(grpcStatus === undefined ? {} : { grpcStatus }),
  };
};

const fields = object({ delay: readDelay, abort: readAbort });

export const readFault: Reader<HttpFault> = (cursor) => {
  const read = fields(cursor);
  if (read !== undefined && cursor.get("delay") === undefined && cursor.get("abort") === undefined) {
    cursor.reportKey("error", codes.missingField, '"delay" or "abort" is required here and missing');
  }
  return read;
};

function percentOf(cursor: Cursor, percent: number | undefined): number {
  if (percent === undefined && cursor.get("percentage") === undefined) {
    cursor.reportKey(
      "warning",
      codes.noEffect,
      "has no percentage, which means 0 %: it never happens; add percentage.value",
    );
  }
  return percent ?? 0;
}
