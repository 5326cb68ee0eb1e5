import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collected } from "../test/collected.ts";
import type { Logger } from "./index.ts";

const canary = "cAnArY-5up3r";

function logged(write: (logger: Logger) => void, redact: readonly string[] = []): string {
  const { logger, text } = collected({ redact });
  write(logger);
  return text();
}

const secretNames = [
  "authorization",
  "Authorization",
  "PROXY-AUTHORIZATION",
  "cookie",
  "Set-Cookie",
  "x-api-key",
  "password",
  "accessToken",
  "client_secret",
  "sig",
];

describe("a secret", () => {
  test("under a denied name never reaches a line, however deep it lies and however the name is written", () => {
    const other = fc.string({ maxLength: 8 }).filter((name) => name !== "__proto__");
    const tree = (depth: number): fc.Arbitrary<unknown> => {
      const leaf = fc
        .tuple(fc.constantFrom(...secretNames), other)
        .map(([name, harmless]) => ({ [name]: canary, [`x${harmless}`]: 1 }));
      if (depth === 0) return leaf;
      const below = tree(depth - 1);
      return fc.oneof(
        leaf,
        fc.array(below, { maxLength: 3 }),
        other.chain((name) => below.map((value) => ({ [`x${name}`]: value }))),
      );
    };

    fc.assert(
      fc.property(tree(4), (value) => {
        const text = logged((logger) => {
          logger.info({ value }, "object");
          const child = logger.child({ value });
          child.info("bindings");
          child.child({ deeper: value }).info("bindings of a child of a child");
          child.setBindings({ later: value });
          child.info("later bindings");
          logger.error(Object.assign(new Error("failed"), { value, config: value }));
          logger.info(
            { cause: new Error("outer", { cause: Object.assign(new Error("inner"), { value }) }) },
            "nested error",
          );
        });

        expect(text).not.toContain(canary);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["a query parameter in a field", { url: `https://x.test/a?page=1&access_token=${canary}&b=2` }, ""],
    ["a query parameter in a message", {}, `GET /a?sig=${canary} failed`],
    ["credentials in a URL", { registry: `http://ada:${canary}@consul:8500/v1` }, ""],
    ["a bearer token in a message", {}, `sent Authorization: Bearer ${canary}`],
    ["a list of raw headers", { sent: ["host", "x", "Authorization", canary] }, ""],
    [
      "a list of header pairs",
      {
        sent: [
          ["accept", "*/*"],
          ["cookie", canary],
        ],
      },
      "",
    ],
    ["a name with its value", { sent: [{ name: "Cookie", value: canary }] }, ""],
    ["something with toJSON", { sent: { toJSON: () => ({ password: canary }) } }, ""],
    ["bytes", { body: Buffer.from(canary) }, ""],
    [
      "an instance of a class",
      {
        sent: new (class {
          readonly token = canary;
        })(),
      },
      "",
    ],
  ])("never reaches a line in %s", (_, fields, message) => {
    const text = logged((logger) => logger.info(fields, message));

    expect(text).not.toContain(canary);
    expect(text).not.toContain(Buffer.from(canary).join(","));
    expect(JSON.parse(text)).toMatchObject({ level: 30 });
  });

  test("under a name of the user's own is taken out too", () => {
    const text = logged((logger) => logger.info({ socialNumber: canary, "social-number": canary }), ["social_number"]);

    expect(text).not.toContain(canary);
  });
});

describe("a child with serializers of its own", () => {
  class Incoming {
    readonly #headers = { authorization: canary, accept: "text/html" };
    get url(): string {
      return `/orders?token=${canary}`;
    }
    get headers(): object {
      return this.#headers;
    }
  }

  test("lets them read the original, and cleans what they answer", () => {
    const serialize = (incoming: Incoming): object => ({ url: incoming.url, headers: incoming.headers });
    const text = logged((logger) => {
      const child = logger.child({ reqId: 1, password: canary }, { serializers: { req: serialize } });
      child.info({ req: new Incoming(), authorization: canary }, "incoming request");
      child.child({ req: new Incoming() }).info("in a child of it");
    });

    expect(text).not.toContain(canary);
    const [line, below] = text.split("\n").map((each) => JSON.parse(each || "{}") as unknown);
    const req = { url: "/orders?token=[redacted]", headers: { authorization: "[redacted]", accept: "text/html" } };
    expect(line).toMatchObject({ reqId: 1, password: "[redacted]", req });
    expect(below).toMatchObject({ reqId: 1, req });
  });

  test("hides a secret field even from a serializer of its name", () => {
    const text = logged((logger) => {
      const child = logger.child({}, { serializers: { token: String } });
      child.info({ token: canary }, "signed in");
      child.child({ token: canary }).info("still");
    });

    expect(text).not.toContain(canary);
  });
});

describe("a line", () => {
  test("keeps what is no secret", () => {
    const text = logged((logger) =>
      logger.info({ user: "ada", tokens: 3, list: [1, "two"], at: new Date(0), nothing: null }, "hello ?a=b"),
    );

    expect(JSON.parse(text)).toMatchObject({
      user: "ada",
      tokens: 3,
      list: [1, "two"],
      at: "1970-01-01T00:00:00.000Z",
      nothing: null,
      msg: "hello ?a=b",
    });
  });

  test("says what an error was", () => {
    const text = logged((logger) => logger.error(new TypeError("no such order"), "failed"));

    expect(JSON.parse(text)).toMatchObject({
      err: { type: "TypeError", message: "no such order", stack: expect.stringContaining("redact.test") },
      msg: "failed",
    });
  });

  test("is written whatever it is given: circles, depths, getters that throw", () => {
    const circle: Record<string, unknown> = { name: "circle" };
    circle["self"] = circle;
    const broken = {
      get bad(): never {
        throw new Error("getter");
      },
    };

    const text = logged((logger) =>
      logger.info({ circle, broken, deep: { a: { b: { c: { d: { e: { f: { g: 1 } } } } } } } }),
    );

    expect(JSON.parse(text)).toMatchObject({
      circle: { name: "circle", self: "[circular]" },
      broken: { bad: "[unreadable]" },
    });
  });

  test("is always one line without control characters, whatever text it carries", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (noise) => {
        const text = logged((logger) =>
          logger.info({ [`x${noise}`]: `\u001B[31m${noise}\r\n` }, `${noise}\n\u001B[0m`),
        );

        // oxlint-disable-next-line no-control-regex
        expect(text).toMatch(/^[^\u0000-\u001F]*\n$/);
        expect(() => JSON.parse(text) as unknown).not.toThrow();
      }),
    );
  });
});
