import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@enmesh/core";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { fields } from "./fields.ts";
import { type ResolvedConfig, resolveConfig } from "./resolve.ts";

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

function folderWith(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "enmesh-config-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function resolve(given: object, env: Record<string, string> = {}, files: Record<string, string> = {}): ResolvedConfig {
  return resolveConfig(given, { env, directory: folderWith(files) });
}

function problemsOf(given: object, env?: Record<string, string>, files?: Record<string, string>): ConfigError {
  try {
    resolve(given, env, files);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error("nothing was wrong");
}

describe("resolveConfig", () => {
  test("takes options over environment over file over defaults, and remembers which it was", () => {
    const file = "service: web\ntimeout: 1s\nheartbeat: 2s\nttl: 9s\n";

    const { options, sourceOf } = resolve(
      { timeout: "3s" },
      { ENMESH_TIMEOUT: "2s", ENMESH_HEARTBEAT: "4s" },
      { "enmesh.config.yaml": file },
    );

    expect(options).toMatchObject({ service: "web", timeout: "3s", heartbeat: "4s", ttl: "9s" });
    expect(["timeout", "heartbeat", "ttl", "zone"].map(sourceOf)).toEqual([
      "option",
      "ENMESH_HEARTBEAT",
      "enmesh.config.yaml:4:1",
      "default",
    ]);
  });

  test("merges groups, each value from where it counts", () => {
    const { options, sourceOf } = resolve(
      { service: "web", log: { level: "warn" } },
      { ENMESH_LOG_ACCESS: "errors", ENMESH_RETRY_ATTEMPTS: "5" },
      { "enmesh.config.json": '{\n\t"log": { "level": "debug", "access": "off" },\n\t"retry": { "attempts": 2 }\n}' },
    );

    expect(options.log).toEqual({ level: "warn", access: "errors" });
    expect(options.retry).toEqual({ attempts: 5 });
    expect(sourceOf("log.level")).toBe("option");
    expect(sourceOf("log.access")).toBe("ENMESH_LOG_ACCESS");
    expect(sourceOf("retry.attempts")).toBe("ENMESH_RETRY_ATTEMPTS");
  });

  test("lets an option switch off what a file and a variable set up", () => {
    const { options } = resolve(
      { service: "web", admin: false, timeout: false },
      { ENMESH_ADMIN_PORT: "9000" },
      { "enmesh.config.yaml": "admin:\n  host: 127.0.0.1\n" },
    );

    expect(options).toMatchObject({ admin: false, timeout: false });
  });

  test("reads variables as what they mean: numbers, true and false, durations", () => {
    const { options } = resolve(
      {},
      {
        ENMESH_SERVICE: "web",
        ENMESH_WEIGHT: "2.5",
        ENMESH_EDGE: "true",
        ENMESH_METRICS: "false",
        ENMESH_TIMEOUT: "false",
        ENMESH_ADMIN_PORT: "0",
        ENMESH_ZONE: "",
      },
    );

    expect(options).toEqual({
      service: "web",
      weight: 2.5,
      edge: true,
      metrics: false,
      timeout: false,
      admin: { port: 0 },
    });
  });

  test("says everything that is wrong at once, and where each thing stands", () => {
    const error = problemsOf(
      { service: "Web!", timeuot: "1s" },
      { ENMESH_TTL: "soon", ENMESH_ADMIN_PORT: "http" },
      { "enmesh.config.yaml": "version: v1\nlog:\n  levle: info\nfailFast: perhaps\n" },
    );

    expect(error.code).toBe("ENMESH_CONFIG_INVALID");
    expect(error.problems.map(({ path, source }) => [path, source])).toEqual([
      ["log.levle", "enmesh.config.yaml:3:3"],
      ["failFast", "enmesh.config.yaml:4:1"],
      ["ttl", "ENMESH_TTL"],
      ["admin.port", "ENMESH_ADMIN_PORT"],
      ["service", "option"],
      ["timeuot", "option"],
    ]);
    expect(error.message).toContain('timeuot: no such setting; did you mean "timeout"? (option)');
    expect(error.message).toContain('log.levle: no such setting; did you mean "log.level"? (enmesh.config.yaml:3:3)');
    expect(error.message).toContain('failFast: must be true or false, got "perhaps"');
    expect(error.message).toContain('ttl: must be a duration such as "250ms", "2s" or "1m30s", got "soon"');
  });

  test("lists what there is when nothing looks alike", () => {
    expect(problemsOf({ service: "web", admin: { elephant: 1 } }).message).toContain(
      "admin.elephant: no such setting; there are admin.port, admin.host, admin.token",
    );
  });

  test("tells where a file breaks, by line and column", () => {
    const yaml = problemsOf({ service: "web" }, {}, { "enmesh.config.yaml": "version: v1\nlog: {level: info\n" });
    const json = problemsOf({ service: "web" }, {}, { "enmesh.config.json": '{ "version": "v1",\n  "zone" }' });

    expect(yaml.problems[0]?.source).toMatch(/^enmesh\.config\.yaml:\d+:\d+$/);
    expect(json.problems[0]?.source).toMatch(/^enmesh\.config\.json:2:\d+$/);
  });

  test("refuses a file that is not a group of settings, and one that cannot be read", () => {
    expect(problemsOf({ service: "web" }, {}, { "enmesh.config.yaml": "- one\n" }).message).toContain(
      "must be a group of settings (enmesh.config.yaml)",
    );

    const directory = folderWith();
    mkdirSync(join(directory, "enmesh.config.yaml"));
    expect(() => resolveConfig({ service: "web" }, { env: {}, directory })).toThrow(
      /cannot be read: .* \(enmesh\.config\.yaml\)/,
    );
  });

  test("asks for a name when there is none", () => {
    expect(problemsOf({}).message).toContain(
      'service: is missing: createMesh({ service: "orders" }), or set ENMESH_SERVICE',
    );
  });

  test("refuses what is fine alone and wrong together", () => {
    const beats = problemsOf({ service: "web" }, { ENMESH_HEARTBEAT: "10s" });
    const both = problemsOf({ service: "web", services: {} }, { ENMESH_REGISTRY: "http://127.0.0.1:8500" });

    expect(beats.message).toContain("ttl: must be at least twice the heartbeat (10s)");
    expect(beats.problems[0]?.source).toBe("ENMESH_HEARTBEAT");
    expect(both.message).toContain("services: cannot be given together with registry (ENMESH_REGISTRY)");
  });

  test("never shows a secret", () => {
    const given = {
      service: "web",
      registryToken: 4_711,
      registry: "ftp://user:hunter2@host/",
      admin: [{ token: "hunter2" }],
      drain: "x",
    };

    const { message } = problemsOf(given, {}, { "enmesh.config.yaml": "admin:\n  token: [hunter2]\n" });

    expect(message).toContain("registryToken: must be text, got a value that is not shown");
    expect(message).not.toContain("hunter2");
    expect(message).not.toContain("4711");
  });

  test("shows values that JSON cannot", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;

    const { message } = problemsOf({ service: "web", weight: 1n, zone: circle, region: () => 1, version: Symbol("v") });

    expect(message).toContain("got 1n");
    expect(message).toContain("zone: must be 1 to 100 letters, digits, dots, hyphens or underscores, got an object");
    expect(message).toContain("got function");
    expect(message).toContain("got symbol");
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "takes the key %s for a key like any other",
    (key) => {
      const json = `{ "${key}": { "polluted": true }, "log": { "${key}": 1 } }`;

      const error = problemsOf(JSON.parse(json) as object, { ENMESH_SERVICE: "web" }, { "enmesh.config.json": json });

      expect(error.problems.map(({ path }) => path)).toEqual(expect.arrayContaining([key, `log.${key}`]));
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    },
  );

  test("never throws anything but a ConfigError, whatever it is given", () => {
    const anyKey = fc.oneof(fc.constantFrom(...Object.keys(fields)), fc.string());
    fc.assert(
      fc.property(fc.dictionary(anyKey, fc.anything()), (given) => {
        try {
          resolveConfig(given, { env: { ENMESH_SERVICE: "web" }, directory: "/nowhere" });
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
    );
  });
});
