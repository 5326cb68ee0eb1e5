import { describe, expect, test } from "vitest";

import { readPackages, type PackageFacts } from "./layers/facts.ts";
import { importsOf } from "./layers/imports.ts";
import { violations, type Picture } from "./layers/rules.ts";

const [language, capability, assembly, application] = [1, 2, 3, 4];

/** The house. A new package or library is drawn here first, and nowhere else. */
const picture: Picture = {
  layers: {
    core: language,

    discovery: capability,
    balancer: capability,
    resilience: capability,
    routing: capability,
    logging: capability,
    metrics: capability,
    tracing: capability,

    mesh: assembly,

    registry: application,
  },
  homes: {
    consul: "discovery",
    opossum: "resilience",
    yaml: "routing",
    re2js: "routing",
    pino: "logging",
    "prom-client": "metrics",
    "@opentelemetry/api": "tracing",
    "@opentelemetry/sdk-node": "tracing",
    "@opentelemetry/auto-instrumentations-node": "tracing",
    undici: "mesh",
    fastify: "registry",
  },
  peers: { mesh: ["express", "fastify"] },
  entries: {
    "@opentelemetry/sdk-node": "src/start.ts",
    "@opentelemetry/auto-instrumentations-node": "src/start.ts",
  },
  testTools: ["vitest", "fast-check", "@enmesh/core"],
};

test("every package keeps to its layer and its libraries", () => {
  const packages = readPackages();

  const found = violations(packages, picture);

  expect(found).toEqual([]);
  expect(packages.map(({ folder }) => folder)).toContain("core");
});

test("every package of the picture exists", () => {
  const folders = readPackages().map(({ folder }) => folder);

  expect(Object.keys(picture.layers).filter((folder) => !folders.includes(folder))).toEqual([]);
});

describe("the picture is kept, for it notices when", () => {
  test("a capability imports another", () => {
    const found = judge({ folder: "balancer", dependencies: ["@enmesh/routing"], source: 'import "@enmesh/routing";' });

    expect(found).toEqual([
      "packages/balancer/package.json uses routing, and capabilities never use each other",
      "packages/balancer/src/a.ts uses routing, and capabilities never use each other",
    ]);
  });

  test("a lower layer imports a higher one, even lazily", () => {
    const found = judge({ folder: "core", dependencies: ["@enmesh/mesh"], source: 'await import("@enmesh/mesh");' });

    expect(found).toContain("packages/core/src/a.ts uses mesh, which is in a higher layer");
  });

  test("a library is used outside its home", () => {
    const found = judge({ folder: "logging", dependencies: ["undici"], source: 'export { Agent } from "undici";' });

    expect(found).toEqual([
      "packages/logging/package.json uses undici, whose home is mesh",
      "packages/logging/src/a.ts uses undici, whose home is mesh",
    ]);
  });

  test("a library is declared that is not in the picture", () => {
    expect(judge({ folder: "core", dependencies: ["lodash"] })).toEqual([
      "packages/core/package.json uses lodash, which has no home in the picture",
    ]);
  });

  test("something is imported that is not declared", () => {
    const found = judge({ folder: "logging", source: 'import { pino } from "pino"; import "@enmesh/core";' });

    expect(found).toEqual([
      "packages/logging/src/a.ts imports pino, which is not declared",
      "packages/logging/src/a.ts imports @enmesh/core, which is not declared",
    ]);
  });

  test("a peer framework is loaded and not only named", () => {
    const types = judge({ folder: "mesh", source: 'import type { Request } from "express";' });
    const values = judge({ folder: "mesh", source: 'import express from "express";' });

    expect(types).toEqual([]);
    expect(values).toEqual(["packages/mesh/src/a.ts loads the peer express; it may import its types only"]);
  });

  test("a peer is demanded, or not in the picture", () => {
    expect(judge({ folder: "mesh", peerDependencies: ["express", "koa"] })).toEqual([
      "packages/mesh/package.json declares the peer express, which must be optional",
      "packages/mesh/package.json declares the peer koa, which is not in the picture",
    ]);
  });

  test("the OpenTelemetry SDK is loaded outside its own entry", () => {
    const dependencies = ["@opentelemetry/sdk-node"];
    const source = 'import "@opentelemetry/sdk-node";';

    expect(judge({ folder: "tracing", dependencies, source, file: "src/start.ts" })).toEqual([]);
    expect(judge({ folder: "tracing", dependencies, source })).toEqual([
      "packages/tracing/src/a.ts loads @opentelemetry/sdk-node, which only src/start.ts may",
    ]);
    expect(judge({ folder: "tracing", source: 'export * from "./start.ts";' })).toEqual([
      "packages/tracing/src/a.ts loads src/start.ts, which stands alone",
    ]);
  });

  test("a file reaches into another package", () => {
    expect(judge({ folder: "routing", source: 'import "../../core/src/call.ts";' })).toEqual([
      "packages/routing/src/a.ts reaches out of its package with ../../core/src/call.ts",
    ]);
  });

  test("a source leans on what is there for tests", () => {
    const source = 'import "../test/fakes.ts";';

    expect(judge({ folder: "routing", source, file: "src/a.test.ts" })).toEqual([]);
    expect(judge({ folder: "routing", source })).toEqual([
      "packages/routing/src/a.ts reaches out of its package with ../test/fakes.ts",
    ]);
  });

  test("a builtin is imported without its prefix", () => {
    expect(judge({ folder: "core", source: 'import "fs";' })).toEqual([
      'packages/core/src/a.ts imports fs without "node:"',
    ]);
  });

  test("a test imports a higher layer, though its own tools are free", () => {
    const source = 'import "vitest"; import "fast-check"; import "@enmesh/core"; import "@enmesh/mesh";';

    expect(judge({ folder: "balancer", source, file: "src/a.test.ts" })).toEqual([
      "packages/balancer/src/a.test.ts uses mesh, which is in a higher layer",
      "packages/balancer/src/a.test.ts imports @enmesh/mesh, which is not declared",
    ]);
  });

  test("a package has no place", () => {
    expect(judge({ folder: "shed" })).toEqual(["packages/shed has no layer in the picture"]);
  });
});

test("imports are found wherever they hide", () => {
  const source = `
    import a from "a";
    import { type B } from "b";
    import type { C } from "c";
    export * from "d";
    export type { E } from "e";
    type F = typeof import("f");
    const g = () => import("g");
    const h = require("h");
    const text = 'import "not-this"';
    // import "nor-this";
  `;

  const found = importsOf("src/a.ts", source);

  const names = (isTypeOnly: boolean): string[] =>
    found.filter((each) => each.isTypeOnly === isTypeOnly).map(({ specifier }) => specifier);
  expect(names(false)).toEqual(["a", "b", "d", "g", "h"]);
  expect(names(true)).toEqual(["c", "e", "f"]);
});

interface MadeUp extends Partial<PackageFacts> {
  readonly folder: string;
  readonly source?: string;
  readonly file?: string;
}

/** Judges one made-up package among empty ones of every name in the picture. */
function judge({ source = "", file = "src/a.ts", ...facts }: MadeUp): string[] {
  const made = { ...empty(facts.folder), ...facts, imports: importsOf(file, source) };
  const others = Object.keys(picture.layers).filter((folder) => folder !== facts.folder);
  return violations([made, ...others.map(empty)], picture);
}

function empty(folder: string): PackageFacts {
  const nothing = { dependencies: [], devDependencies: [], peerDependencies: [], optionalPeers: [], imports: [] };
  return { folder, name: `@enmesh/${folder}`, ...nothing };
}
