import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { readYaml } from "./read-yaml.ts";

const read = (text: string): ReturnType<typeof readYaml> => readYaml(text, "enmesh.config.yaml");
const codesOf = (text: string): string[] => read(text).problems.map(({ code }) => code);

describe("a YAML file", () => {
  test("gives its value and the place of each field", () => {
    const file = read("service:\n  name: orders\nports:\n  - 1\n  - number: 8080\n");

    expect(file.problems).toEqual([]);
    expect(JSON.stringify(file.value)).toBe('{"service":{"name":"orders"},"ports":[1,{"number":8080}]}');
    expect(file.positionOf("service.name")).toEqual({ line: 2, column: 3 });
    expect(file.positionOf("ports[1].number")).toEqual({ line: 5, column: 5 });
    expect(file.positionOf(["ports", 0])).toEqual({ line: 4, column: 5 });
  });

  test("gives the nearest parent for a field that is not there", () => {
    expect(read("a: 1\nservice:\n  name: orders\n").positionOf("service.port.number")).toEqual({ line: 2, column: 1 });
  });

  test("is read as YAML 1.2 core: yes is text, dates are text, << is a key", () => {
    const { value } = read("a: yes\nb: 2026-01-01\nc: 0x10\nd: ~\n<<: { e: 1 }\n");

    expect(JSON.stringify(value)).toBe('{"a":"yes","b":"2026-01-01","c":16,"d":null,"<<":{"e":1}}');
  });

  test("may be empty", () => {
    expect(read("# nothing\n")).toMatchObject({ value: undefined, problems: [] });
  });

  test("keeps a key called __proto__ from being more than a key", () => {
    const value = read("__proto__: { polluted: true }\nconstructor: { prototype: { polluted: true } }\n")
      .value as object;

    expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test.each([
    ["a key that stands there twice", "a: 1\nb:\n  c: 1\n  c: 2\n", "ENMESH_R002"],
    ["two keys that are the same once they are text", "1: a\n'1': b\n", "ENMESH_R002"],
    ["broken syntax", "a: [1\nb: 2\n", "ENMESH_R001"],
    ["a tab as indentation", "a:\n\t- b\n", "ENMESH_R001"],
    ["an alias to nothing", "a: *nobody\n", "ENMESH_R001"],
    ["a tag", "a: !run 1\n", "ENMESH_R001"],
    ["a key that is a list", "? [a]\n: 1\n", "ENMESH_R001"],
    ["a second document", "a: 1\n---\nb: 2\n", "ENMESH_R001"],
  ])("is refused for %s", (_, text, code) => {
    expect(codesOf(text)).toContain(code);
  });

  test("says where a key stands twice", () => {
    expect(read("a: 1\nb:\n  c: 1\n  c: 2\n").problems).toMatchObject([
      { line: 4, column: 3, severity: "error", excerpt: "  c: 2" },
    ]);
  });
});

describe("a file that was made to hurt", () => {
  const bomb = Array.from(
    { length: 12 },
    (_, level) =>
      `l${level}: &l${level} [${Array.from({ length: 10 }, () => (level === 0 ? "x" : `*l${level - 1}`)).join(",")}]`,
  );

  test.each([
    ["aliases of aliases", bomb.join("\n")],
    ["an alias to itself", "a: &a [*a]\n"],
    ["some thousand brackets", "[".repeat(5_000)],
    ["some thousand dashes", "- ".repeat(5_000)],
    ["a million brackets", "[".repeat(1_000_000)],
    ["a hundred thousand maps", "{a: ".repeat(100_000)],
    ["a list in a list in a list", "- ".repeat(100_000)],
    ["deep indentation", Array.from({ length: 500 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
    ["megabytes", "a: b\n".repeat(1_000_000)],
    ["more values than any policy has", `[${"1,".repeat(200_000)}1]`],
  ])("is refused in bounded time: %s", (_, text) => {
    const started = performance.now();

    expect(codesOf(text)).toContain("ENMESH_R003");
    expect(performance.now() - started).toBeLessThan(4_000);
  });

  test("costs no more than its length when it has very many keys", () => {
    const started = performance.now();

    read(Array.from({ length: 40_000 }, (_, index) => `k${index}: 1`).join("\n"));

    expect(performance.now() - started).toBeLessThan(4_000);
  });

  test("never throws, whatever it is", { timeout: 60_000 }, () => {
    const bits = fc.constantFrom(
      "a",
      ": ",
      "- ",
      "[",
      "]",
      "{",
      "}",
      "\n",
      "  ",
      "&a ",
      "*a ",
      "!t ",
      "'",
      '"',
      "|",
      ">",
      "#",
      "%YAML 1.1\n",
      "---\n",
      "...\n",
      "\t",
      "?",
      ",",
      "\0",
    );
    const anything = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(bits, { maxLength: 60 }).map((parts) => parts.join("")),
    );

    fc.assert(
      fc.property(anything, (text) => void read(text)),
      { numRuns: 1_000 },
    );
  });
});
