import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTraceParent, serializeTraceParent } from "./trace-parent.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";

const hex = (length: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(..."0123456789abcdef"), { minLength: length, maxLength: length })
    .map((digits) => digits.join(""))
    .filter((id) => !/^0+$/.test(id));

describe("a traceparent", () => {
  test("is read into its parts", () => {
    expect(parseTraceParent(`00-${traceId}-${spanId}-01`)).toEqual({
      traceId,
      spanId,
      isSampled: true,
      traceState: undefined,
    });
  });

  test.each([
    ["version ff", `ff-${traceId}-${spanId}-01`],
    ["an all-zero trace id", `00-${"0".repeat(32)}-${spanId}-01`],
    ["an all-zero span id", `00-${traceId}-${"0".repeat(16)}-01`],
    ["upper case", `00-${traceId.toUpperCase()}-${spanId}-01`],
    ["a fifth field in version 00", `00-${traceId}-${spanId}-01-extra`],
    ["text after the flags", `01-${traceId}-${spanId}-01extra`],
    ["two headers joined by a comma", `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`],
    ["space around it", ` 00-${traceId}-${spanId}-01`],
    ["a short id", `00-${traceId.slice(1)}-${spanId}-01`],
    ["nothing", ""],
  ])("is refused with %s", (_, header) => {
    expect(parseTraceParent(header)).toBeUndefined();
  });

  test("of a later version is read by its first four fields", () => {
    expect(parseTraceParent(`cc-${traceId}-${spanId}-03-what-will-come`)).toMatchObject({
      traceId,
      spanId,
      isSampled: true,
    });
    expect(parseTraceParent(`cc-${traceId}-${spanId}-02`)?.isSampled).toBe(false);
  });

  test("that was written is always read back as the same", () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (trace, span, isSampled) => {
        const context = { traceId: trace, spanId: span, isSampled, traceState: undefined };

        expect(parseTraceParent(serializeTraceParent(context))).toEqual(context);
      }),
    );
  });

  test("that is garbage never throws, and what is accepted is always valid", () => {
    const almost = fc
      .tuple(hex(2), hex(32), hex(16), hex(2), fc.string({ maxLength: 4 }), fc.nat(54), fc.string({ maxLength: 2 }))
      .map(([version, trace, span, flags, more, at, noise]) => {
        const header = `${version}-${trace}-${span}-${flags}${more}`;
        return header.slice(0, at) + noise + header.slice(at + noise.length);
      });

    fc.assert(
      fc.property(fc.oneof(fc.string(), almost), (header) => {
        const parsed = parseTraceParent(header);

        if (parsed !== undefined)
          expect(serializeTraceParent(parsed)).toMatch(/^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-0[01]$/);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a tracestate", () => {
  const stateOf = (state: string): string | undefined =>
    parseTraceParent(`00-${traceId}-${spanId}-01`, state)?.traceState;

  test("is passed on as it came, up to 512 characters", () => {
    expect(stateOf("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")).toBe("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
    expect(stateOf(`a=${"b".repeat(510)}`)).toHaveLength(512);
  });

  test("is dropped when it is longer, empty, or could break a header", () => {
    expect([stateOf(`a=${"b".repeat(511)}`), stateOf(""), stateOf("a=b\r\nx: y")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
