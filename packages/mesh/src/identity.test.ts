import { createRuntime, seededRandom } from "@enmesh/core";
import { describe, expect, test } from "vitest";
import { identityOf, instanceOf } from "./identity.ts";

const runtime = createRuntime({ random: seededRandom(1) });

describe("identityOf", () => {
  test("names service, host and process, and never the same id twice", () => {
    const [one, other] = [identityOf({ service: "orders" }, runtime), identityOf({ service: "orders" }, runtime)];

    expect(one).toMatchObject({ service: "orders", version: "unknown", namespace: "default" });
    expect(one.instanceId).toMatch(new RegExp(`^orders-[\\w.-]{1,40}-${process.pid}-[0-9a-f]{6}$`));
    expect(other.instanceId).not.toBe(one.instanceId);
  });

  test("is what the options say", () => {
    const options = { service: "orders", version: "v2", namespace: "shop", instanceId: "orders-1" };

    expect(identityOf(options, runtime)).toEqual(options);
  });
});

describe("instanceOf", () => {
  test("has its version as a label that nobody can change, and leaves out what is not known", () => {
    const options = {
      service: "orders",
      version: "v2",
      labels: { track: "canary", version: "v9" },
      zone: "a",
      weight: 3,
    };
    const instance = instanceOf(options, identityOf(options, runtime), "10.0.0.7", 3_000);

    expect(instance).toMatchObject({
      labels: { track: "canary", version: "v2" },
      weight: 3,
      zone: "a",
      status: "STARTING",
    });
    expect(instance).not.toHaveProperty("region");
  });
});
