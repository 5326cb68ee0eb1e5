import http from "node:http";
import { embeddedRegistry } from "@enmesh/registry";
import { createMesh } from "enmesh";
import { enmesh } from "enmesh/node";
import { expect, test } from "vitest";
import { passing } from "./support/meshes.ts";

const quiet = { log: { level: "silent" }, admin: false, signals: false, drain: { propagation: 0 } } as const;

test("a mesh carries its registry inside, and others find each other through it", async () => {
  const host = await createMesh({ ...quiet, service: "host", registry: embeddedRegistry({ port: 0 }) });
  const registry = host.registryUrl as string;
  const greeter = await createMesh({ ...quiet, service: "greeter", registry });
  const server = http
    .createServer(enmesh(greeter, (_request, response) => response.end("hello")))
    .listen(0, "127.0.0.1");
  await greeter.join(server);

  const answer = await host.request("http://greeter/");
  const text = await answer.body.text();
  const during = await passing(registry, "greeter");
  await greeter.close();
  const after = await passing(registry, "greeter");
  await host.close();

  expect([text, during, after]).toEqual(["hello", 1, 0]);
});

test("a registry that is not there is told by name, with what to do", async () => {
  const joining = createMesh({ ...quiet, service: "lonely", registry: "http://127.0.0.1:9" });

  await expect(joining).rejects.toMatchObject({ code: "ENMESH_REGISTRY_UNREACHABLE" });
  await expect(joining).rejects.toThrow(/127\.0\.0\.1:9/);
});
