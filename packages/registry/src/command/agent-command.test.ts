import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, test } from "vitest";

import { readAgentCommand } from "./agent-command.ts";

const folder = mkdtempSync(join(tmpdir(), "enmesh-agent-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a command line of Consul's agent", () => {
  test("becomes our options, in whatever way Go lets flags be written", () => {
    const request = readAgentCommand([
      "-dev",
      "-node",
      "n1",
      "--datacenter=East",
      "-bind=10.0.0.5",
      "-client",
      "127.0.0.2",
      "-http-port=9500",
      "-pid-file",
      "/run/x",
      "-data-dir",
      "/data",
    ]);

    expect(request).toEqual({
      options: {
        selfPreservation: false,
        scriptChecks: false,
        port: 9_500,
        host: "127.0.0.2",
        nodeAddress: "10.0.0.5",
        nodeName: "n1",
        // Development mode keeps nothing: no data directory.
        datacenter: "east",
      },
      pidFile: "/run/x",
      notes: [],
    });
  });

  test("names in one line what it leaves aside", () => {
    const request = readAgentCommand([
      "-dev",
      "-join",
      "10.0.0.1",
      "-join=10.0.0.2",
      "-bootstrap",
      "-log-level",
      "warn",
    ]);

    expect(request).toMatchObject({
      notes: ["Without effect here, where there is one node: -join, -bootstrap, -log-level"],
    });
  });

  test.each([
    [["-dev", "-nope"], "flag provided but not defined: -nope"],
    [["-dev", "-node"], "flag needs an argument: -node"],
    [["-dev", "extra"], "Unexpected extra arguments: [extra]"],
    [["-server"], "data_dir cannot be empty"],
    [["-dev", "-config-file", "/nonexistent.json"], "ENOENT"],
  ])("such as %j is refused in Consul's words", (args, message) => {
    expect(readAgentCommand(args)).toContain(message);
  });
});

describe("a configuration file of Consul", () => {
  test("is read, flags outweigh it, and what it leaves aside is named", () => {
    const file = configured({
      node_name: "from-file",
      datacenter: "dc2",
      data_dir: "/data",
      server: true,
      ports: { http: 9_501, server: 8_300, dns: -1 },
      enable_script_checks: true,
      log_level: "warn",
      acl: { enabled: true, tokens: { initial_management: "secret" } },
    });

    expect(readAgentCommand(["-config-file", file, "-datacenter", "dc3"])).toEqual({
      options: {
        selfPreservation: false,
        scriptChecks: true,
        port: 9_501,
        nodeName: "from-file",
        datacenter: "dc3",
        token: "secret",
        dataDirectory: "/data",
      },
      pidFile: undefined,
      notes: ["Without effect here, where there is one node: ports.server, log_level"],
    });
  });

  test.each([
    [{ acl: { enabled: true } }, "acl.tokens.initial_management"],
    [{ verify_incoming: true }, '"verify_incoming" asks for protection'],
    [{ tls: { defaults: {} } }, '"tls" asks for protection'],
    [{ encrypt: "abc" }, '"encrypt" asks for protection'],
    [{ node_name: 5 }, '"node_name" must be a text'],
    ["node_name = 5", "only JSON is read"],
  ])("%j is refused: to obey in part would be to break a promise", (config, message) => {
    expect(readAgentCommand(["-dev", "-config-file", configured(config)])).toContain(message);
  });
});

function configured(config: object | string): string {
  const file = join(folder, "c.json");
  writeFileSync(file, typeof config === "string" ? config : JSON.stringify(config));
  return file;
}
