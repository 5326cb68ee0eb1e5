import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { checkRegistryOptions, type RegistryOptions } from "../options.ts";
import { makeFindCaller } from "./tokens.ts";

let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), "enmesh-tokens-"))));
afterAll(() => rm(directory, { recursive: true }));

test("tokens come from the options, from files of their own, and from a list in a file", async () => {
  const secretFile = await written("secret", "in-a-file\n");
  const listFile = await written("list", '[{"name":"payments","token":"listed","rights":{"write":["payments"]}}]');

  const { grants } = checkRegistryOptions({
    token: "all",
    tokens: [
      { name: "reader", token: "direct", rights: "read" },
      { name: "orders", tokenFile: secretFile, rights: { write: ["orders"] } },
    ],
    tokensFile: listFile,
  });
  const callerOf = makeFindCaller(grants);

  expect(callerOf("all")).toEqual({ name: "admin", rights: "admin" });
  expect(callerOf("direct")).toEqual({ name: "reader", rights: "read" });
  expect(callerOf("in-a-file")).toEqual({ name: "orders", rights: { write: ["orders"] } });
  expect(callerOf("listed")).toEqual({ name: "payments", rights: { write: ["payments"] } });
  expect([callerOf(""), callerOf("al"), callerOf("alll")]).toEqual([undefined, undefined, undefined]);
});

describe("a list of tokens is refused", () => {
  test.each<[string, RegistryOptions, RegExp]>([
    ["without a name", { tokens: [{ name: "", token: "hush", rights: "read" }] }, /needs a "name"/],
    ["without a secret", { tokens: [{ name: "a", rights: "read" }] }, /needs either "token" or "tokenFile"/],
    ["with a blank secret", { tokens: [{ name: "a", token: " ", rights: "read" }] }, /must not be blank/],
    ["with an unknown right", { tokens: [{ name: "a", token: "hush", rights: "root" as "read" }] }, /"rights" must be/],
    ["with nothing to write", { tokens: [{ name: "a", token: "hush", rights: { write: [] } }] }, /"rights" must be/],
    [
      "with one secret twice",
      { token: "hush", tokens: [{ name: "a", token: "hush", rights: "read" }] },
      /has the secret of another token/,
    ],
    ["with a file that is not there", { tokensFile: "/nowhere/tokens.json" }, /cannot be read/],
  ])("%s, and says no secret", (_what, options, message) => {
    expect(() => checkRegistryOptions(options)).toThrow(message);
    expect(() => checkRegistryOptions(options)).not.toThrow(/hush/);
  });

  test.each(["[]", "{}", '["hush"]', '[{"name":"a","token":"hush"'])("when the file says %s", async (text) => {
    const tokensFile = await written("broken", text);

    expect(() => checkRegistryOptions({ tokensFile })).toThrow(/tokens/);
    expect(() => checkRegistryOptions({ tokensFile })).not.toThrow(/hush/);
  });
});

test("beyond this machine nothing starts without a token, and the message says how to give one", () => {
  expect(() => checkRegistryOptions({ host: "0.0.0.0" })).toThrow(/a token is needed: set "token", "tokens"/);
  expect(() =>
    checkRegistryOptions({ host: "0.0.0.0", tokens: [{ name: "a", token: "x", rights: "read" }] }),
  ).not.toThrow();
});

async function written(name: string, text: string): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}
