import { existsSync, readdirSync, readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { completeLock, missingPlatforms } from "../tools/lib/complete-lock.mjs";
import { inRoot } from "../tools/lib/root.mjs";

test.each(["package-lock.json", "tools/docs/package-lock.json"])("%s suits every platform and any registry", (name) => {
  const text = readFileSync(inRoot(name), "utf8");

  const missing = missingPlatforms(JSON.parse(text).packages);

  expect(missing, "run node tools/complete-lock.mjs").toEqual([]);
  expect(text).not.toMatch(/"resolved": "https?:/);
});

test("the lock knows what every workspace asks for", () => {
  const { packages } = JSON.parse(readFileSync(inRoot("package-lock.json"), "utf8"));
  const folders = ["packages", "examples"]
    .filter((parent) => existsSync(inRoot(parent)))
    .flatMap((parent) => readdirSync(inRoot(parent)).map((name) => `${parent}/${name}`))
    .filter((folder) => existsSync(inRoot(folder, "package.json")));

  const asked = folders.map((folder) => JSON.parse(readFileSync(inRoot(folder, "package.json"), "utf8")));
  const locked = folders.map((folder) => packages[folder]);

  expect(locked.map(demands), "run npm install, then node tools/complete-lock.mjs").toEqual(asked.map(demands));
});

test("a platform the registry did not offer is added beside its siblings", () => {
  const optionalDependencies = { "@x/linux-x64-musl": "1.2.3", "@x/linux-arm64-gnu": "1.2.3", "@x/win32-x64": "1.2.3" };
  const packages = {
    "": {},
    "node_modules/x": { version: "1.2.3", optionalDependencies },
    "node_modules/@x/linux-x64-musl": { version: "1.2.3", os: ["linux"], cpu: ["x64"] },
  };

  const added = completeLock(packages);

  expect(added).toEqual(["node_modules/@x/linux-arm64-gnu", "node_modules/@x/win32-x64"]);
  expect(Object.keys(packages)).toEqual([
    "",
    "node_modules/@x/linux-arm64-gnu",
    "node_modules/@x/linux-x64-musl",
    "node_modules/@x/win32-x64",
    "node_modules/x",
  ]);
  expect(packages).toMatchObject({
    "node_modules/@x/linux-arm64-gnu": { os: ["linux"], cpu: ["arm64"], libc: ["glibc"] },
  });
});

interface Manifest {
  readonly dependencies?: object;
  readonly devDependencies?: object;
  readonly peerDependencies?: object;
}

function demands({ dependencies = {}, devDependencies = {}, peerDependencies = {} }: Manifest = {}): Manifest {
  return { dependencies, devDependencies, peerDependencies };
}
