import { describe, expect, test } from "vitest";

import { eurekaWorld, instance } from "../../test/eureka-world.ts";

const id = "host-1:orders:8080";
const at = `/apps/ORDERS/${id}`;

describe("registering", () => {
  test("is answered with 204 and nothing, and the instance is told of in its canonical form", async () => {
    const { register, json, time } = eurekaWorld();
    const now = time.wall();

    const answer = await register(instance());

    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(await json(at)).toEqual({
      instance: {
        instanceId: id,
        hostName: "host-1",
        app: "ORDERS",
        ipAddr: "10.0.0.7",
        status: "UP",
        overriddenStatus: "UNKNOWN",
        port: { $: 8080, "@enabled": "true" },
        securePort: { $: 443, "@enabled": "false" },
        countryId: 1,
        dataCenterInfo: { "@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", name: "MyOwn" },
        leaseInfo: {
          renewalIntervalInSecs: 30,
          durationInSecs: 90,
          registrationTimestamp: now,
          lastRenewalTimestamp: now,
          evictionTimestamp: 0,
          serviceUpTimestamp: now,
        },
        metadata: { zone: "a", "management.port": "9090" },
        vipAddress: "orders",
        isCoordinatingDiscoveryServer: "false",
        lastUpdatedTimestamp: String(now),
        lastDirtyTimestamp: "1700000000000",
        actionType: "ADDED",
      },
    });
  });

  test.each([
    [{ instanceId: " ", hostName: " " }, "Missing instanceId"],
    [{ hostName: "" }, "Missing hostname"],
    [{ ipAddr: "" }, "Missing ip address"],
    [{ app: "ORDERS", ipAddr: "169.254.169.254" }, "Invalid ipAddr: "],
    [{ dataCenterInfo: null }, "Missing dataCenterInfo"],
    [{ dataCenterInfo: {} }, "Missing dataCenterInfo Name"],
    [{ port: 70_000 }, "Invalid port"],
    [{ instanceId: "a\u0000b" }, "Invalid instanceId"],
    [{ homePageUrl: "x".repeat(8_193) }, "Invalid text"],
    [
      { metadata: Object.fromEntries(Array.from({ length: 257 }, (_each, which) => [`k${which}`, ""])) },
      "Invalid metadata",
    ],
  ])("of %o is refused with %j", async (parts, reason) => {
    const { register, store } = eurekaWorld();

    const answer = await register(instance(parts));

    expect(answer.status).toBe(400);
    expect(answer.text).toContain(reason);
    expect(store.catalog.services.size).toBe(0);
  });

  test("under another application, or under none, is refused in Eureka's words", async () => {
    const { ask } = eurekaWorld();
    const post = (parts: object) => ask("POST", "/apps/stock", { body: JSON.stringify({ instance: instance(parts) }) });

    expect((await post({})).text).toBe("Mismatched appName, expecting STOCK but was ORDERS");
    expect((await post({ app: "" })).text).toBe("Missing appName");
  });

  test.each([
    ["a bare number as port", { port: 8080 }, { port: { $: 8080, "@enabled": "true" } }],
    ["a text as port", { port: "8080" }, { port: { $: 8080, "@enabled": "true" } }],
    ["texts in the port", { port: { $: "8080", "@enabled": true } }, { port: { $: 8080, "@enabled": "true" } }],
    ["no id at all", { instanceId: undefined }, { instanceId: "host-1" }],
    ["an id in the metadata", { instanceId: "", metadata: { instanceId: "m1" } }, { instanceId: "m1" }],
    ["the other spelling", { overriddenStatus: undefined, overriddenstatus: "UP" }, { overriddenStatus: "UP" }],
    ["a status nobody knows", { status: "DRAINING" }, { status: "UNKNOWN" }],
    ["no lease", { leaseInfo: undefined }, { leaseInfo: { renewalIntervalInSecs: 30, durationInSecs: 90 } }],
    ["no metadata", { metadata: null }, { metadata: { "@class": "java.util.Collections$EmptyMap" } }],
    ["a Java map", { metadata: { "@class": "java.util.HashMap", n: 7 } }, { metadata: { n: "7" } }],
    ["a lower-case name", { app: "orders" }, { app: "ORDERS" }],
    [
      "a foreign Java class",
      { dataCenterInfo: { "@class": "evil.Gadget", name: "Home" } },
      {
        dataCenterInfo: { "@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", name: "MyOwn" },
      },
    ],
  ])("takes %s, and makes it canonical", async (_what, parts, canonical) => {
    const { register, json } = eurekaWorld();

    const { status } = await register(instance(parts));

    expect(status).toBe(204);
    expect(await json("/apps/ORDERS")).toMatchObject({ application: { instance: [canonical] } });
  });

  test("in XML is the same as in JSON", async () => {
    const { ask, json } = eurekaWorld();
    const body = `<?xml version="1.0"?><!-- by hand --><instance><instanceId>x&#35;1</instanceId><hostName>host-1</hostName>
      <app>orders</app><ipAddr>10.0.0.7</ipAddr><status>STARTING</status><overriddenstatus>UNKNOWN</overriddenstatus>
      <port enabled="true">8080</port><securePort enabled="false">443</securePort>
      <dataCenterInfo class="com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo"><name>MyOwn</name></dataCenterInfo>
      <leaseInfo><durationInSecs>20</durationInSecs></leaseInfo>
      <metadata><a__b_-c>1 &amp; 2</a__b_-c></metadata></instance>`;

    const { status } = await ask("POST", "/apps/orders", { headers: { "content-type": "application/xml" }, body });

    expect(status).toBe(204);
    expect(await json("/apps/orders/x%231")).toMatchObject({
      instance: {
        status: "STARTING",
        port: { $: 8080, "@enabled": "true" },
        leaseInfo: { durationInSecs: 20 },
        metadata: { a_b$c: "1 & 2" },
      },
    });
  });

  test.each([
    ["application/xml", "<!DOCTYPE a [<!ENTITY x 'y'>]><instance>&x;</instance>"],
    ["application/xml", "<instance>"],
    ["application/xml", Buffer.from([0x3c, 0xff])],
    ["application/json", "{"],
    ["application/json", "[]"],
    ["application/json", ""],
  ])("with a body of %s that is none is refused", async (type, body) => {
    const { ask } = eurekaWorld();

    expect((await ask("POST", "/apps/ORDERS", { headers: { "content-type": type }, body })).status).toBe(400);
  });

  test("with a body beyond all measure is refused", async () => {
    const { register } = eurekaWorld();

    expect((await register(instance({ metadata: { a: "x".repeat(70_000) } }))).status).toBe(413);
  });

  test("again, saying the same, moves no index; with an older dirty time it changes nothing", async () => {
    const { register, store, json } = eurekaWorld();
    await register(instance());
    const index = store.index;

    await register(instance());
    const unmoved = store.index === index;
    await register(instance({ lastDirtyTimestamp: 1, port: 1 }));

    expect(unmoved).toBe(true);
    expect(await json(at)).toMatchObject({ instance: { port: { $: 8080 } } });
  });
});
