import { MeshError } from "@enmesh/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnswerBody } from "./answer-body.ts";

class Connection {
  readonly said: string[] = [];
  body!: AnswerBody;
  pause(): void {
    this.said.push("pause");
  }
  resume(): void {
    this.said.push("resume");
  }
  abort(reason: Error): void {
    this.said.push("abort");
    this.body.fail(reason);
  }
}

function open(maxBytes = 1_000_000): { body: AnswerBody; said: string[] } {
  const connection = new Connection();
  connection.body = new AnswerBody(connection, maxBytes);
  return { body: connection.body, said: connection.said };
}

function filled(...texts: string[]): AnswerBody {
  const { body } = open();
  for (const text of texts) body.push(Buffer.from(text));
  body.end();
  return body;
}

const kilobytes = (count: number): Buffer => Buffer.alloc(count * 1_024, "x");
const turn = (): Promise<void> => new Promise(setImmediate);

describe("an answer's body", () => {
  test("is read whole as JSON, text, bytes and buffer", async () => {
    expect(await filled('{"a":', "1}").json()).toEqual({ a: 1 });
    expect(await filled("\ufeffhello").text()).toBe("hello");
    expect(await filled("a", "b").bytes()).toEqual(Buffer.from("ab"));
    expect(new Uint8Array(await filled("ab").arrayBuffer())).toEqual(new Uint8Array([97, 98]));
    expect(await filled().text()).toBe("");
  });

  test("is read while it comes", async () => {
    const { body } = open();
    const text = body.text();

    body.push(Buffer.from("a"));
    await turn();
    body.push(Buffer.from("b"));
    body.end();

    expect(await text).toBe("ab");
  });

  test("never loses or changes a letter, however it is cut", async () => {
    const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 40 }), cuts, fc.boolean(), async (text, at, isLate) => {
        const whole = Buffer.from(text);
        const ends = [...at.filter((cut) => cut < whole.length), whole.length].toSorted((one, other) => one - other);
        const read = async (how: (body: AnswerBody) => Promise<string>): Promise<string> => {
          const { body } = open();
          const result = isLate ? undefined : how(body);
          let from = 0;
          for (const end of ends) {
            body.push(whole.subarray(from, end));
            from = end;
            if (end % 2 === 0) await turn();
          }
          body.end();
          return result ?? how(body);
        };

        expect(await read((body) => body.text())).toBe(text);
        const streamed = read(async (body) => (await body.stream().setEncoding("utf8").toArray()).join(""));
        expect(await streamed).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  test("holds the connection back while nobody reads, and lets it go on", async () => {
    const { body, said } = open();
    body.push(kilobytes(60));
    expect(said).toEqual([]);
    body.push(kilobytes(5));
    body.push(kilobytes(5));
    expect(said).toEqual(["pause"]);

    const pieces = body[Symbol.asyncIterator]();
    for (let count = 0; count < 3; count++) await pieces.next();
    const fourth = pieces.next();
    await turn();

    expect(said).toEqual(["pause", "resume"]);
    body.end();
    expect(await fourth).toEqual({ done: true, value: undefined });
  });

  test("takes what a connection brings in the very moment it may go on", async () => {
    const control = {
      pause: () => {},
      abort: () => {},
      resume: () => {
        body.push(Buffer.from("rest"));
        body.end();
      },
    };
    const body = new AnswerBody(control, 10);
    body.push(kilobytes(65));

    expect(await body.stream().toArray()).toHaveLength(2);
  });

  test("does not hold the connection back while it is read whole", async () => {
    const { body, said } = open();
    const bytes = body.bytes();
    for (let count = 0; count < 10; count++) body.push(kilobytes(64));
    body.end();

    expect((await bytes).length).toBe(640 * 1_024);
    expect(said).toEqual([]);
  });

  test("ends the call as soon as it is larger than allowed, and leaves what is just allowed", async () => {
    const { body, said } = open(10);
    const text = body.text();
    body.push(Buffer.from("12345678901"));

    await expect(text).rejects.toMatchObject({ code: "ENMESH_BODY_TOO_LARGE" });
    expect(said).toEqual(["abort"]);

    const { body: exact } = open(10);
    exact.push(Buffer.from("1234567890"));
    exact.end();
    expect(await exact.text()).toBe("1234567890");
  });

  test("is bounded as a whole only: piece by piece it may have any length", async () => {
    const { body } = open(10);
    body.push(kilobytes(1));
    body.end();

    expect(await body.stream().toArray()).toHaveLength(1);
  });

  test("is read once", async () => {
    const body = filled("a");
    expect(body.bodyUsed).toBe(false);
    await body.text();
    expect(body.bodyUsed).toBe(true);

    await expect(body.json()).rejects.toMatchObject({ code: "ENMESH_BODY_USED" });
    expect(() => body.stream()).toThrow("ENMESH_BODY_USED");
    expect(() => body[Symbol.asyncIterator]()).toThrow("ENMESH_BODY_USED");
  });

  test("counts as read from the moment a stream of it is made", async () => {
    const body = filled("a");
    body.stream();

    await expect(body.text()).rejects.toMatchObject({ code: "ENMESH_BODY_USED" });
  });

  test("fails with what broke it, after what had come", async () => {
    const { body } = open();
    body.push(Buffer.from("a"));
    body.fail(new MeshError("ENMESH_CONNECTION_LOST", "gone"));

    const pieces = body[Symbol.asyncIterator]();
    expect((await pieces.next()).value?.toString()).toBe("a");
    await expect(pieces.next()).rejects.toThrow("gone");

    const { body: whole } = open();
    const text = whole.text();
    whole.fail(new Error("gone"));
    await expect(text).rejects.toThrow("gone");
  });

  test("ends the call when its reader leaves early", async () => {
    const { body, said } = open();
    body.push(Buffer.from("a"));
    for await (const _ of body) break;
    expect(said).toEqual(["abort"]);

    const whole = open();
    whole.body.push(Buffer.from("a"));
    whole.body.end();
    for await (const _ of whole.body) break;
    expect(whole.said).toEqual([]);
  });

  test("ends the call when its stream is destroyed, even before anything was read", async () => {
    const untouched = open();
    untouched.body.stream().destroy();
    await turn();
    expect(untouched.said).toEqual(["abort"]);

    const waiting = open();
    const stream = waiting.body.stream();
    stream.on("data", () => {});
    await turn();
    stream.destroy();
    await turn();
    expect(waiting.said).toEqual(["abort"]);
  });

  test("is read to its end by dump", async () => {
    const { body, said } = open();
    body.push(kilobytes(100));
    const dumped = body.dump();
    await turn();
    body.end();

    await dumped;
    expect(said).toEqual(["pause", "resume"]);
  });

  test("answers several readers of the same pieces, each piece once", async () => {
    const { body } = open();
    const pieces = body[Symbol.asyncIterator]();
    const all = [pieces.next(), pieces.next(), pieces.next()];

    body.push(Buffer.from("a"));
    body.push(Buffer.from("b"));
    body.end();

    const values = (await Promise.all(all)).map(({ value }) => value?.toString());
    expect(new Set(values)).toEqual(new Set(["a", "b", undefined]));
  });
});
