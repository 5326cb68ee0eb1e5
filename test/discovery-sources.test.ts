import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Instance } from "@enmesh/core";
import { dnsSource, fileSource } from "@enmesh/discovery";
import { startRegistry } from "@enmesh/registry";

import { consulBinary, startConsul } from "./support/consul.ts";
import { startDnsServer } from "./support/dns-server.ts";
import { describeSource, everything, everyStatus } from "./support/source-conformance.ts";
import { consulGround, eurekaGround } from "./support/source-grounds.ts";

describeSource({
  name: "the embedded registry, by Consul's API",
  start: () => consulGround(() => startRegistry({ port: 0 }).then(({ url, close }) => ({ url, stop: close }))),
  statuses: everyStatus,
  tells: everything,
  withinMs: 1_000,
  takesMalformed: false,
});

if (consulBinary() !== undefined)
  describeSource({
    name: "a real Consul",
    start: () => consulGround(startConsul),
    statuses: everyStatus,
    tells: everything,
    withinMs: 2_000,
    takesMalformed: true,
  });
else console.log("discovery sources: no Consul on this machine, so only the embedded registry is asked");

describeSource({
  name: "the embedded registry, by Eureka's API",
  start: () =>
    startRegistry({ port: 0 }).then(({ url, close }) =>
      eurekaGround({ url: `${url}/eureka`, stop: close, everyMs: 100 }),
    ),
  statuses: everyStatus,
  tells: everything,
  withinMs: 1_000,
  takesMalformed: false,
});

describeSource({
  name: "a name server",
  start: async () => {
    const server = await startDnsServer();
    const services = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [`orders${at}`, { host: `orders${at}.test`, srv: true }]),
    );
    return {
      source: (parts) => dnsSource({ services, servers: [server.address], minTtlMs: 100, timeoutMs: 600, ...parts }),
      put: async (service, instances) => {
        const at = ({ port }: Instance): string => `i${port}.${service}.test`;
        const srv = instances.map((instance) => ({ name: at(instance), port: instance.port, weight: instance.weight }));
        for (const instance of instances) server.names.set(at(instance), { a: [instance.address], ttl: 0 });
        server.names.set(`${service}.test`, { srv, ttl: 0 });
      },
      outage: {
        begin: async () => void (server.mood = "SERVFAIL"),
        end: async () => void (server.mood = "well"),
      },
      stop: () => server.close(),
    };
  },
  statuses: ["UP"],
  tells: ["weight", "protocol"],
  withinMs: 1_500,
  takesMalformed: true,
});

describeSource({
  name: "a file",
  start: async () => {
    const folder = await mkdtemp(join(tmpdir(), "enmesh-file-"));
    const path = join(folder, "services.json");
    const services: Record<string, readonly Instance[]> = {};
    const write = async (text: string): Promise<void> => {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
    };
    await write("{}");
    return {
      source: (parts) => fileSource({ path, everyMs: 50, ...parts }),
      put: (service, instances) => {
        services[service] = instances;
        return write(JSON.stringify(services));
      },
      outage: { begin: () => write("{ torn"), end: () => write(JSON.stringify(services)) },
      stop: () => rm(folder, { recursive: true, force: true }),
    };
  },
  statuses: everyStatus,
  tells: everything,
  withinMs: 1_000,
  takesMalformed: true,
});
