import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { instanceOf } from "../scripted/fakes.ts";
import { whyUnusable } from "../usable-instance.ts";
import { readInstance } from "./read-instance.ts";
import { writeInstance } from "./write-instance.ts";

function entry(service: object, ...checks: object[]): object {
  return { Node: { Node: "node-1", Address: "10.0.0.1" }, Service: { ID: "o", Port: 80, ...service }, Checks: checks };
}

const critical = (Output: string, CheckID = "service:o"): object => ({ CheckID, Status: "critical", Output });
const ours = { Meta: { enmesh: "1" } };

test("what we write is what we read", () => {
  const instance = instanceOf("a", {
    labels: { team: "shop", version: "v2" },
    version: "v2",
    zone: "z",
    region: "r",
    weight: 2.5,
    protocol: "https",
  });
  const written = writeInstance(instance, { ttlMs: 15_000, deregisterAfterMs: 60_000 }) as {
    ID: string;
    Address: string;
    Port: number;
  };

  const read = readInstance("orders", { Node: null, Service: written, Checks: [] });

  expect(read).toEqual(instance);
  expect(written).toMatchObject({
    Weights: { Passing: 3, Warning: 1 },
    Check: { TTL: "15000ms", DeregisterCriticalServiceAfter: "60000ms" },
  });
});

describe("an instance that others registered", () => {
  test.each([
    [
      "the address of its node when it has none",
      {},
      { id: "node-1/o", address: "10.0.0.1", protocol: "http", weight: 1 },
    ],
    ["its version from metadata", { Meta: { version: "v2" } }, { version: "v2", labels: { version: "v2" } }],
    ["its version from a tag", { Tags: ["x", "version=v2"] }, { version: "v2" }],
    ["its version from a bare tag", { Tags: ["v1.2"] }, { version: "v1.2" }],
    ["metadata before tags", { Tags: ["v1"], Meta: { version: "v2" } }, { version: "v2" }],
    [
      "its labels from metadata and tags",
      { Tags: ["team=shop"], Meta: { tier: "gold", zone: "z" } },
      { labels: { team: "shop", tier: "gold" }, zone: "z" },
    ],
    ["TLS from metadata", { Meta: { secure: "true" } }, { protocol: "https" }],
    ["its weight", { Weights: { Passing: 7, Warning: 1 } }, { weight: 7 }],
    ["a weight of 1 when it makes no sense", { Weights: { Passing: "many" } }, { weight: 1 }],
  ])("has %s", (_what, service, expected) => {
    const read = readInstance("orders", entry(service));

    expect(read).toMatchObject({ service: "orders", ...expected });
  });
});

describe("the status", () => {
  test.each([
    ["UP", "without checks", entry({})],
    ["UP", "with passing checks", entry({}, { Status: "passing" })],
    ["UP", "with a warning", entry({}, { Status: "passing" }, { Status: "warning" })],
    ["DOWN", "with any critical check", entry({}, { Status: "passing" }, critical("HTTP GET: refused"))],
    ["DOWN", "when its node is lost", entry(ours, critical("Agent not live or unreachable", "serfHealth"))],
    ["DOWN", "when its lease ended", entry(ours, critical("TTL expired (last output before timeout follows): UP"))],
    [
      "DOWN",
      "when it is starting on a lost node",
      entry(ours, critical("STARTING"), critical("Agent not live", "serfHealth")),
    ],
    ["STARTING", "with that note", entry(ours, critical("STARTING"))],
    ["STARTING", "before the note has come", entry(ours, critical(""))],
    ["DOWN", "with an empty note of others", entry({}, critical(""))],
    ["DRAINING", "with that note", entry(ours, critical("DRAINING"))],
    [
      "DRAINING",
      "when its lease ended while draining",
      entry(ours, critical("TTL expired (last output before timeout follows): DRAINING")),
    ],
    ["OUT_OF_SERVICE", "with that note", entry({}, critical("OUT_OF_SERVICE"))],
    ["OUT_OF_SERVICE", "in maintenance", entry({}, critical("", "_service_maintenance:o"))],
    ["OUT_OF_SERVICE", "on a node in maintenance", entry({}, critical("", "_node_maintenance"))],
  ])("is %s %s", (status, _when, element) => {
    expect(readInstance("orders", element).status).toBe(status);
  });
});

test("nothing that a registry may send makes reading fail, and what is left incomplete is refused later", () => {
  const property = fc.property(fc.anything(), fc.anything(), fc.anything(), (Service, Checks, Node) => {
    const read = readInstance("orders", { Service, Checks, Node });
    return whyUnusable(read) !== undefined && readInstance("orders", Service).service === "orders";
  });

  expect(() => fc.assert(property, { numRuns: 500 })).not.toThrow();
});
