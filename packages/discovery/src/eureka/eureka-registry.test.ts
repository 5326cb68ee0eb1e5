import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type EurekaApplications, EurekaRegistry, readApplications } from "./eureka-registry.ts";
import { readInstance } from "./read-instance.ts";
import { writeInstance } from "./write-instance.ts";

function applications(hash: string, ...instances: object[]): EurekaApplications {
  const read = readApplications({
    applications: { apps__hashcode: hash, application: [{ name: "ORDERS", instance: instances }] },
  });
  if (read === undefined) throw new Error("not read");
  return read;
}

function record(id: string, status = "UP", actionType = "ADDED"): object {
  return { instanceId: id, app: "ORDERS", ipAddr: "10.0.0.1", port: { $: 80, "@enabled": "true" }, status, actionType };
}

describe("the hash", () => {
  test("counts the statuses, in the order of their names", () => {
    const registry = new EurekaRegistry();

    registry.replace(applications("", record("a"), record("b", "DOWN"), record("c"), record("d", "STARTING")));

    expect(registry.hash).toBe("DOWN_1_STARTING_1_UP_2_");
  });

  test("of nothing is empty", () => {
    expect(new EurekaRegistry().hash).toBe("");
  });
});

describe("a delta", () => {
  test("adds, changes and removes", () => {
    const registry = new EurekaRegistry();
    registry.replace(applications("", record("a"), record("b")));

    registry.apply(applications("", record("a", "DOWN", "MODIFIED"), record("b", "UP", "DELETED"), record("c")));

    const orders = registry.services().get("orders");
    expect(orders?.instances.map(({ id, status }) => [id, status])).toEqual([
      ["a", "DOWN"],
      ["c", "UP"],
    ]);
  });

  test("that takes the last instance takes the name", () => {
    const registry = new EurekaRegistry();
    registry.replace(applications("", record("a")));

    registry.apply(applications("", record("a", "UP", "DELETED")));

    expect([...registry.services().keys()]).toEqual([]);
  });

  test("after any sequence of changes gives what the whole would give", () => {
    const change = fc.record({
      id: fc.constantFrom("a", "b", "c"),
      status: fc.constantFrom("UP", "DOWN"),
      isGone: fc.boolean(),
    });

    const property = fc.property(fc.array(change), (changes) => {
      const registry = new EurekaRegistry();
      const truth = new Map<string, object>();
      for (const { id, status, isGone } of changes) {
        if (isGone) truth.delete(id);
        else truth.set(id, record(id, status));
        registry.apply(applications("", record(id, status, isGone ? "DELETED" : "MODIFIED")));
      }
      const whole = new EurekaRegistry();
      whole.replace(applications("", ...truth.values()));
      return registry.hash === whole.hash;
    });

    expect(() => fc.assert(property)).not.toThrow();
  });
});

describe("what servers write", () => {
  test("with a single element in place of a list is read as a list of one", () => {
    const read = readApplications({ applications: { application: { name: "ORDERS", instance: record("a") } } });

    expect(read?.records.map(({ app }) => app)).toEqual(["ORDERS"]);
  });

  test.each([undefined, null, 7, [], {}, { applications: 7 }])("as %j is no registry", (value) => {
    expect(readApplications(value)).toBeUndefined();
  });

  test.each([
    [8_080, 8_080],
    ["8080", 8_080],
    [{ $: "8080", "@enabled": true }, 8_080],
    [{ $: 8_080, "@enabled": "true" }, 8_080],
  ])("as port %j is %j", (port, expected) => {
    expect(readInstance("orders", { ipAddr: "10.0.0.1", hostName: "h", port })).toMatchObject({
      id: "h",
      port: expected,
    });
  });

  test("with only a secure port is https", () => {
    const secure = { port: { $: 80, "@enabled": "false" }, securePort: { $: 8_443, "@enabled": "true" } };

    expect(readInstance("orders", secure)).toMatchObject({ protocol: "https", port: 8_443 });
  });

  test("whatever it is never throws", () => {
    const property = fc.property(fc.jsonValue(), (value) => {
      const { records } = readApplications({ applications: { application: value } }) ?? { records: [] };
      records.forEach(({ record: one }) => readInstance("orders", one));
      readInstance("orders", (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>);
    });

    expect(() => fc.assert(property)).not.toThrow();
  });
});

test("an instance comes back as it was written, whatever its status", () => {
  const instance = fc.record({
    status: fc.constantFrom("STARTING", "UP", "DRAINING", "DOWN", "OUT_OF_SERVICE"),
    protocol: fc.constantFrom("http", "https"),
    port: fc.integer({ min: 1, max: 65_535 }),
    weight: fc.integer({ min: 0, max: 100 }),
    version: fc.constantFrom("v1", "v2"),
    zone: fc.constantFrom("a", "b"),
  });

  const property = fc.property(instance, (parts) => {
    const given = {
      id: "o-1",
      service: "orders",
      address: "10.0.0.1",
      labels: { version: parts.version },
      ...parts,
    } as const;
    const body = writeInstance(given, given.status, { ttlMs: 90_000, deregisterAfterMs: 90_000 }, 1) as {
      instance: Record<string, unknown>;
    };
    expect(readInstance("orders", body.instance)).toEqual(given);
  });

  expect(() => fc.assert(property)).not.toThrow();
});
