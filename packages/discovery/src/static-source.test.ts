import { expect, test } from "vitest";

import { world } from "./scripted/fakes.ts";
import { createDirectory } from "./directory.ts";
import { staticSource } from "./static-source.ts";

test("a static list is known at once", async () => {
  const source = staticSource({
    orders: ["http://127.0.0.1:3001", { address: "10.0.0.7", port: 443, protocol: "https", version: "v2" }],
  });

  const directory = createDirectory({ source, runtime: world().runtime });
  const view = directory.view("orders");
  await directory.ready();

  expect(view.snapshot.endpoints.map(({ origin }) => origin).toSorted()).toEqual([
    "http://127.0.0.1:3001",
    "https://10.0.0.7:443",
  ]);
  expect(view.instances.find(({ version }) => version === "v2")?.labels).toEqual({ version: "v2" });
  expect([directory.isKnown("orders"), directory.isKnown("users"), view.state]).toEqual([true, false, "known"]);
});

test("a list with mistakes is refused with all of them", () => {
  const services = {
    orders: ["127.0.0.1:3001", "http://u:p@127.0.0.1:1", { address: "", port: 1 }],
    users: ["http://[::1]:3002"],
  };

  expect(() => staticSource(services)).toThrow(
    /3 problems[^]*orders\[0\][^]*orders\[1\][^]*orders\[2\]: its address is empty/,
  );
});
