import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type Call, Destination, EventChannel, type MeshEvent, seededRandom } from "@enmesh/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createRouter, type Router } from "./router.ts";

const call = (service: string): Call =>
  ({ service, path: "/", method: "GET", header: () => undefined }) as unknown as Call;
const document = (name: string, host: string): string =>
  `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: ${name} }\nspec: { hosts: [a], http: [{ route: [{ destination: { host: ${host} } }] }] }\n`;

function given(): { router: Router; events: MeshEvent[]; destination: () => string } {
  const events: MeshEvent[] = [];
  const channel = new EventChannel();
  channel.listen((event) => events.push(event));
  const router = createRouter({
    destinationOf: (service, subset) => new Destination(service, subset),
    random: seededRandom(1),
    events: channel,
  });
  const destination = (): string => {
    const found = router.step.route(call("a"));
    return found.type === "routing" ? found.destination.name : found.type;
  };
  return { router, events, destination };
}

describe("a router", () => {
  test("sends every call to the service it names before there are rules", () => {
    const { router, destination } = given();

    expect(router.table.revision).toBe(0);
    expect(destination()).toBe("a");
  });

  test("swaps the whole table, and tells what changed", () => {
    const { router, events, destination } = given();

    router.apply([{ name: "a.yaml", text: document("one", "b") }]);
    const result = router.apply([
      { name: "a.yaml", text: document("one", "c") },
      { name: "b.yaml", text: document("two", "d") },
    ]);
    router.apply([{ name: "b.yaml", text: document("two", "d") }]);

    expect(result).toMatchObject({ ok: true, revision: 2 });
    expect(events).toMatchObject([
      { type: "policy.applied", revision: 1, added: ["VirtualService/one"], changed: [], removed: [] },
      {
        type: "policy.applied",
        revision: 2,
        added: ["VirtualService/two"],
        changed: ["VirtualService/one"],
        removed: [],
      },
      { type: "policy.applied", revision: 3, added: [], changed: [], removed: ["VirtualService/one"] },
    ]);
    expect(destination()).toBe("d");
  });

  test("keeps the last good table when there is any error, and reports it", () => {
    const { router, events, destination } = given();
    router.apply([{ name: "a.yaml", text: document("one", "b") }]);
    const before = router.table;

    const result = router.apply([
      { name: "a.yaml", text: document("one", "c") },
      { name: "b.yaml", text: "kind: [" },
    ]);

    expect(result).toMatchObject({ ok: false, revision: 1, diagnostics: [{ file: "b.yaml" }] });
    expect(router.table).toBe(before);
    expect(destination()).toBe("b");
    expect(events.at(-1)).toMatchObject({ type: "policy.rejected", revision: 1, diagnostics: result.diagnostics });
  });

  test("counts problems of reading as problems of the set", () => {
    const { router } = given();
    const problem = {
      severity: "error",
      code: "ENMESH_R004",
      message: "gone",
      file: "d",
      line: 0,
      column: 0,
      path: "",
      resource: "",
      excerpt: "",
      caret: 0,
    } as const;

    expect(router.apply([], [problem])).toMatchObject({ ok: false, revision: 0, diagnostics: [problem] });
  });

  test("finds nothing changed when only comments moved", () => {
    const { router } = given();
    router.apply([{ name: "a.yaml", text: document("one", "b") }]);

    const { changes } = router.apply([{ name: "a.yaml", text: `# moved\n${document("one", "b")}` }]);

    expect(changes).toEqual({ added: [], changed: [], removed: [] });
  });
});

describe("whatever the files hold", () => {
  const fixtures = join(import.meta.dirname, "../test-fixtures");
  const texts = readdirSync(fixtures).map((name) => readFileSync(join(fixtures, name), "utf8"));
  const noise = fc.constantFrom(
    "",
    " ",
    "\n",
    "\t",
    ":",
    "- ",
    "[",
    "}",
    "&a ",
    "*a",
    "!!x ",
    "\0",
    "null",
    "-1",
    "{}",
    "[]",
    "true",
    "__proto__: {}",
    "'",
    "---\n",
    "1e999",
    "é",
    "%",
  );
  const mutated = fc
    .record({
      text: fc.constantFrom(...texts),
      cuts: fc.array(fc.record({ at: fc.nat(900), length: fc.nat(30), noise }), { minLength: 1, maxLength: 4 }),
    })
    .map(({ text, cuts }) =>
      cuts.reduce(
        (current, { at, length, noise: put }) => current.slice(0, at) + put + current.slice(at + length),
        text,
      ),
    );

  test("apply never throws, and a set with an error changes nothing", { timeout: 60_000 }, () => {
    const { router, destination } = given();
    router.apply([{ name: "good.yaml", text: document("one", "b") }]);

    fc.assert(
      fc.property(fc.array(mutated, { minLength: 1, maxLength: 3 }), (files) => {
        const before = router.table;
        const result = router.apply([
          { name: "good.yaml", text: document("one", "b") },
          ...files.map((text, index) => ({ name: `m${index}.yaml`, text })),
        ]);
        if (!result.ok) expect(router.table).toBe(before);
        expect(router.table.revision).toBe(result.revision);
        expect(destination()).toBe("b");
        for (const service of ["catalog", "accounts", "payments", "orders"]) router.step.route(call(service));
      }),
      { numRuns: 500 },
    );
  });
});
