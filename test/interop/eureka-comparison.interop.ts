import { startRegistry } from "@enmesh/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startEurekaServer } from "./java-programs.ts";

/** The same requests, in the same order, to a real Eureka server and to the registry. */
const urls: { real: string; ours: string } = { real: "", ours: "" };
const endings: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  const [real, ours] = await Promise.all([startEurekaServer({ isCaching: false }), startRegistry({ port: 0 })]);
  endings.push(real.destroy, ours.close);
  Object.assign(urls, { real: `${real.url}/eureka`, ours: `${ours.url}/eureka` });
});
afterAll(async () => {
  for (const end of endings) await end();
});

const json = { accept: "application/json", "content-type": "application/json" };
const xml = { accept: "application/xml" };
const replication = { ...json, "x-netflix-discovery-replication": "true" };

interface Step {
  readonly method: string;
  readonly path: string;
  readonly body?: object | string;
  readonly headers?: Record<string, string>;
}

const at = "/apps/ORDERS/orders-1";
const batch = (...replicationList: object[]): Step => {
  return { method: "POST", path: "/peerreplication/batch/", body: { replicationList }, headers: replication };
};
const item = { appName: "ORDERS", id: "orders-1", lastDirtyTimestamp: 1_800_000_000_000, status: "UP" };

/** Each story begins with nothing registered. */
const stories: Readonly<Record<string, readonly Step[]>> = {
  "an empty registry": [
    get("/apps"),
    get("/apps/"),
    get("/apps/ORDERS"),
    get(at),
    get("/vips/nobody"),
    get("/instances/x"),
  ],
  "registration, renewal, cancellation": [
    register({}),
    get(at),
    get("/apps/orders"),
    get("/apps"),
    get("/instances/orders-1"),
    get("/vips/orders"),
    get("/svips/orders-tls"),
    put(`${at}?status=UP&lastDirtyTimestamp=1700000000000`),
    put(`${at}?status=UP&lastDirtyTimestamp=1700000000001`),
    put(`${at}?status=UP&lastDirtyTimestamp=1600000000000`),
    put(at),
    put("/apps/ORDERS/nobody"),
    remove(at),
    remove(at),
  ],
  // Without a name the real one only says that it cannot parse it.
  "what is missing": [
    register({ hostName: undefined }),
    register({ ipAddr: undefined }),
    register({ app: "STOCK" }),
    register({ dataCenterInfo: undefined }),
    get("/apps"),
  ],
  "what may be left out": [
    register({
      port: undefined,
      securePort: undefined,
      leaseInfo: undefined,
      metadata: undefined,
      vipAddress: undefined,
      secureVipAddress: undefined,
      overriddenStatus: undefined,
      countryId: undefined,
    }),
    get(at),
    remove(at),
  ],
  "other forms": [
    register({ port: { $: "8080", "@enabled": "true" }, lastDirtyTimestamp: "1700000000000", countryId: "1" }),
    get(at),
    register({ app: "orders", status: "DRAINING" }),
    get(at),
    remove(at),
  ],
  "a status of its own": [
    register({ status: "STARTING" }),
    get(at),
    register({ status: "UP", lastDirtyTimestamp: 1_700_000_000_001 }),
    get(at),
    register({ status: "OUT_OF_SERVICE", lastDirtyTimestamp: 1_700_000_000_002 }),
    get(at),
    register({ status: "DOWN", lastDirtyTimestamp: 1_700_000_000_003 }),
    get(at),
    register({ status: "UP", lastDirtyTimestamp: 1_700_000_000_002 }),
    get(at),
    remove(at),
  ],
  "an override": [
    register({}),
    put(`${at}/status?value=OUT_OF_SERVICE`),
    get(at),
    put(at),
    register({ lastDirtyTimestamp: 1_700_000_000_001 }),
    get(at),
    remove(`${at}/status?value=UP`),
    get(at),
    put(`${at}/status?value=OUT_OF_SERVICE`),
    remove(`${at}/status`),
    get(at),
    put(at),
    register({ lastDirtyTimestamp: 1_700_000_000_002 }),
    get(at),
    put(`${at}/status?value=AWAY`),
    put("/apps/ORDERS/nobody/status?value=UP"),
    remove("/apps/ORDERS/nobody/status?value=UP"),
    remove(at),
  ],
  "the same in XML": [
    register({ metadata: { zone: "a", a_b: "1", dollar$: "<&>", "management.port": "9090" } }),
    { ...get(at), headers: xml },
    { ...get("/apps/ORDERS"), headers: xml },
    { ...get("/apps"), headers: {} },
    put(`${at}/status?value=OUT_OF_SERVICE`),
    // Of one instance alone the real one says DOWN here, though OUT_OF_SERVICE in every list.
    { ...get("/apps"), headers: xml },
    remove(at),
    register({ metadata: undefined }),
    { ...get(at), headers: xml },
    remove(at),
  ],
  metadata: [
    register({}),
    put(`${at}/metadata?version=v2&zone=b`),
    get(at),
    put("/apps/ORDERS/nobody/metadata?a=b"),
    remove(at),
  ],
  "what a peer passes on": [
    batch({ ...item, action: "Heartbeat" }),
    batch({ ...item, action: "Register", instanceInfo: instance({ lastDirtyTimestamp: 1_800_000_000_000 }) }),
    get(at),
    batch({ ...item, action: "Heartbeat" }, { ...item, action: "StatusUpdate", status: "OUT_OF_SERVICE" }),
    get(at),
    batch({ ...item, action: "DeleteStatusOverride" }),
    get(at),
    { method: "PUT", path: `${at}?lastDirtyTimestamp=1`, headers: replication },
    { method: "PUT", path: `${at}?lastDirtyTimestamp=1900000000000`, headers: replication },
    batch({ ...item, action: "Cancel" }, { ...item, action: "Cancel" }),
  ],
};

describe.each(Object.entries(stories))("%s", (_name, steps) => {
  test("is answered as a real Eureka server answers it", async () => {
    const told: Record<"real" | "ours", unknown[]> = { real: [], ours: [] };

    for (const step of steps) {
      told.real.push({ asked: nameOf(step), ...(await answerOf(urls.real, step)) });
      told.ours.push({ asked: nameOf(step), ...(await answerOf(urls.ours, step)) });
    }

    expect(told.ours).toEqual(told.real);
  });
});

function instance(parts: object): object {
  return {
    instanceId: "orders-1",
    hostName: "host-1",
    app: "ORDERS",
    ipAddr: "10.0.0.7",
    status: "UP",
    overriddenStatus: "UNKNOWN",
    port: { $: 8080, "@enabled": "true" },
    securePort: { $: 443, "@enabled": "false" },
    countryId: 1,
    dataCenterInfo: { "@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", name: "MyOwn" },
    leaseInfo: { renewalIntervalInSecs: 30, durationInSecs: 90 },
    metadata: { zone: "a" },
    homePageUrl: "http://host-1:8080/",
    vipAddress: "orders,other",
    secureVipAddress: "orders-tls",
    lastDirtyTimestamp: 1_700_000_000_000,
    ...parts,
  };
}

function register(parts: object): Step {
  return { method: "POST", path: "/apps/ORDERS", body: { instance: instance(parts) } };
}

function get(path: string): Step {
  return { method: "GET", path };
}

function put(path: string): Step {
  return { method: "PUT", path };
}

function remove(path: string): Step {
  return { method: "DELETE", path };
}

function nameOf({ method, path }: Step): string {
  return `${method} ${path}`;
}

async function answerOf(url: string, { method, path, body, headers = json }: Step): Promise<object> {
  const given = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(url + path, { method, headers, ...given });
  const text = await answer.text();
  // Where Eureka says nothing, Spring puts an error page of its own.
  if (answer.status === 404 || answer.status === 500) return { status: answer.status };
  return { status: answer.status, said: text.startsWith("{") ? masked(JSON.parse(text)) : maskedXml(text) };
}

/** Hides what each server makes up for itself: times, and what came last to an instance. */
function masked(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, each: unknown) =>
      /Timestamp$|^actionType$/.test(key) && key !== "lastDirtyTimestamp" ? "…" : each,
    ),
  );
}

function maskedXml(text: string): string[] {
  const elements = text.replace(/>\s+</g, "><").split(/(?<=>)(?=<)/);
  return elements.map((each) =>
    /^<(\w+Timestamp|actionType)>/.test(each) && !each.startsWith("<lastDirty") ? "…" : each,
  );
}
