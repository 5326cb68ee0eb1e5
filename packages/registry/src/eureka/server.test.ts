import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, gunzipSync } from "node:zlib";

import { afterEach, describe, expect, test, vi } from "vitest";

import { instance } from "../../test/eureka-world.ts";
import type { RegistryOptions } from "../options.ts";
import { startRegistry, type Registry } from "../registry.ts";

// Real sockets, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const running: Registry[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const registry of running.splice(0)) await registry.close();
  for (const made of folders.splice(0)) await rm(made, { recursive: true });
});

const registration = JSON.stringify({ instance: instance() });
const json = { accept: "application/json" };

describe("over real sockets", () => {
  test("success without content has neither type nor length", async () => {
    const { ask } = await started();

    const { status, headers } = await ask("POST", "/eureka/apps/ORDERS", registration);

    expect(status).toBe(204);
    expect([headers["content-type"], headers["content-length"]]).toEqual([undefined, undefined]);
  });

  test.each(["/eureka", "/eureka/v2", "/v2"])("everything is found under %s", async (mount) => {
    const { ask } = await started();
    await ask("POST", `${mount}/apps/orders`, registration);

    const list = await ask("GET", `${mount}/apps/`);
    const renewed = await ask("PUT", `${mount}/apps/ORDERS/host-1:orders:8080?status=UP`);

    expect([list.status, renewed.status, renewed.body.length]).toEqual([200, 200, 0]);
    expect(list.headers["content-type"]).toBe("application/xml");
    expect(String(list.body)).toContain("<instanceId>host-1:orders:8080</instanceId>");
  });

  test("an id may hold whatever a URL can carry", async () => {
    const { ask } = await started();
    const id = "test#1.[3.?]!/%25 ü";
    await ask("POST", "/eureka/apps/ORDERS", JSON.stringify({ instance: instance({ instanceId: id }) }));

    const { status, body } = await ask("GET", `/eureka/apps/ORDERS/${encodeURIComponent(id)}`, undefined, json);

    expect(status).toBe(200);
    expect(JSON.parse(String(body))).toMatchObject({ instance: { instanceId: id } });
  });

  test("XML is known by its content type", async () => {
    const { ask } = await started();
    const { body: xml } = await ask("POST", "/eureka/apps/ORDERS", registration).then(() =>
      ask("GET", "/eureka/apps/ORDERS/host-1:orders:8080"),
    );
    await ask("DELETE", "/eureka/apps/ORDERS/host-1:orders:8080");

    const { status } = await ask("POST", "/eureka/apps/ORDERS", String(xml), {
      "content-type": "application/xml;charset=UTF-8",
    });
    const again = await ask("GET", "/eureka/apps/ORDERS/host-1:orders:8080", undefined, json);

    expect(status).toBe(204);
    expect(JSON.parse(String(again.body))).toMatchObject({ instance: { metadata: { "management.port": "9090" } } });
  });

  test.each(["/eureka/apps", "/eureka/apps/delta"])("%s is compressed for whoever can read it", async (path) => {
    const { ask } = await started();
    for (const instanceId of ["a", "b", "c"])
      await ask("POST", "/eureka/apps/ORDERS", JSON.stringify({ instance: instance({ instanceId }) }));

    const plain = await ask("GET", path, undefined, json);
    const zipped = await ask("GET", path, undefined, { ...json, "accept-encoding": "gzip, deflate" });
    const unwanted = await ask("GET", path, undefined, { ...json, "accept-encoding": "gzip;q=0" });

    expect(zipped.headers).toMatchObject({
      "content-encoding": "gzip",
      "content-type": "application/json",
      vary: "Accept-Encoding",
    });
    expect([plain.headers["content-encoding"], unwanted.headers["content-encoding"]]).toEqual([undefined, undefined]);
    expect(applicationsIn(gunzipSync(zipped.body))).toEqual(applicationsIn(plain.body));
  });

  test("a body beyond the largest batch is not even read", async () => {
    const { ask } = await started();

    const { status } = await ask("POST", "/eureka/peerreplication/batch/", "x".repeat(9_000_000));

    expect(status).toBe(413);
  });
});

describe("with tokens", () => {
  const tokens = [
    { name: "reader", token: "r", rights: "read" },
    { name: "orders", token: "o", rights: { write: ["orders"] } },
    { name: "operator", token: "a", rights: "admin" },
  ] as const;

  test("one is the password, or the user, of the URL", async () => {
    const { ask } = await started({ tokens });
    const as = async (userinfo: string) =>
      (await ask("GET", "/eureka/apps", undefined, { authorization: `Basic ${btoa(userinfo)}` })).status;

    expect([await as("anybody:r"), await as("r:"), await as("r"), await as("r:x"), await as(":")]).toEqual([
      200, 200, 200, 403, 403,
    ]);
    expect((await ask("GET", "/eureka/apps")).status).toBe(403);
  });

  test("whoever may write a service may register, renew, override and cancel its instances, and nobody else's", async () => {
    const { ask } = await started({ tokens });
    const as = (token: string) => ({ authorization: `Basic ${btoa(`:${token}`)}` });
    const taken = JSON.stringify({ instance: instance({ instanceId: "taken" }) });
    const stock = JSON.stringify({ instance: instance({ app: "STOCK" }) });
    const at = "apps/ORDERS/host-1:orders:8080";
    const statusOf = async (method: string, path: string, token: string, body?: string) =>
      (await ask(method, `/eureka/${path}`, body, as(token))).status;
    await ask("PUT", "/v1/agent/service/register", '{"Name":"stock","ID":"orders/taken"}', { "x-consul-token": "a" });

    expect(await statusOf("POST", "apps/orders", "o", registration)).toBe(204);
    expect(await statusOf("PUT", at, "o")).toBe(200);
    expect(await statusOf("PUT", `${at}/status?value=DOWN`, "o")).toBe(200);
    expect(await statusOf("PUT", at, "r")).toBe(403);
    expect(await statusOf("POST", "apps/stock", "o", stock)).toBe(403);
    expect(await statusOf("POST", "apps/orders", "o", taken)).toBe(403);
    expect(await statusOf("POST", "peerreplication/batch/", "o", '{"replicationList":[]}')).toBe(403);
    expect(await statusOf("POST", "peerreplication/batch/", "a", '{"replicationList":[]}')).toBe(200);
    expect(await statusOf("DELETE", at, "o")).toBe(200);
    expect(await statusOf("GET", "apps", "r")).toBe(200);
  });
});

test("beyond the largest number of instances only known ones register", async () => {
  const { ask } = await started({ maxInstances: 1 });
  const other = JSON.stringify({ instance: instance({ instanceId: "other" }) });

  expect((await ask("POST", "/eureka/apps/ORDERS", registration)).status).toBe(204);
  expect((await ask("POST", "/eureka/apps/ORDERS", other)).status).toBe(429);
  expect((await ask("POST", "/eureka/apps/ORDERS", registration)).status).toBe(204);
});

describe("a data directory", () => {
  test("keeps registrations and overrides over a restart", async () => {
    const dataDirectory = await folder();
    const first = await started({ dataDirectory });
    await first.ask("POST", "/eureka/apps/ORDERS", registration);
    await first.ask("PUT", "/eureka/apps/ORDERS/host-1:orders:8080/status?value=OUT_OF_SERVICE");
    await first.registry.close();

    const { ask } = await started({ dataDirectory });
    await ask("POST", "/eureka/apps/ORDERS", registration);
    const { body } = await ask("GET", "/eureka/apps/ORDERS/host-1:orders:8080", undefined, json);

    const kept = {
      status: "OUT_OF_SERVICE",
      overriddenStatus: "OUT_OF_SERVICE",
      metadata: { "management.port": "9090" },
    };
    expect(JSON.parse(String(body))).toMatchObject({ instance: kept });
  });

  test("from before Eureka's clients were served is read as it is, and shown to them", async () => {
    const dataDirectory = await folder();
    await writeFile(
      join(dataDirectory, "registry.log"),
      line({ index: 7, changes: [{ op: "service", service: oldService }] }),
    );

    const { ask } = await started({ dataDirectory });
    const { body } = await ask("GET", "/eureka/apps/ORDERS/orders-1", undefined, json);

    expect(JSON.parse(String(body))).toMatchObject({ instance: { status: "UP", port: { $: 80 } } });
    expect(await readFile(join(dataDirectory, "registry.log"), "utf8")).toContain('"id":"orders-1"');
  });
});

/** As the first version wrote it. */
const oldService = {
  id: "orders-1",
  name: "orders",
  tags: [],
  address: "10.0.0.1",
  port: 80,
  meta: null,
  taggedAddresses: null,
  weights: { Passing: 1, Warning: 1 },
  enableTagOverride: false,
  createIndex: 7,
  modifyIndex: 7,
};

function line(commit: object): string {
  const text = JSON.stringify(commit);
  return `${crc32(text).toString(16).padStart(8, "0")} ${text}\n`;
}

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "enmesh-registry-"));
  folders.push(made);
  return made;
}

function applicationsIn(body: Buffer): unknown {
  return (JSON.parse(String(body)) as { applications: unknown }).applications;
}

interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

async function started(options: RegistryOptions = {}) {
  const registry = await startRegistry({ port: 0, ...options });
  running.push(registry);
  // Plain sockets: `fetch` would add headers of its own, and unzip.
  const ask = (method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Told> =>
    new Promise((resolve, reject) => {
      const asked = request(`${registry.url}${path}`, { method, headers, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
        );
        answer.on("error", reject);
      });
      asked.on("error", reject);
      asked.end(body);
    });
  return { registry, ask };
}
