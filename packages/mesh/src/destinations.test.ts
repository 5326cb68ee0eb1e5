import { createRuntime, type Endpoint, type Instance, type Refusal, type RoutedCall, type Wait } from "@enmesh/core";
import { createDirectory, type Directory, type DiscoverySource } from "@enmesh/discovery";
import { describe, expect, test } from "vitest";
import { Destinations } from "./destinations.ts";

function instance(id: string, version: string, status: Instance["status"] = "UP"): Instance {
  const port = 3_000 + Number(id.replace(/\D/g, ""));
  const labels = { version, track: version === "v1" ? "stable" : "canary" };
  return { id, service: "orders", address: "127.0.0.1", port, protocol: "http", labels, version, weight: 1, status };
}

const [v1, v2] = [instance("orders-1", "v1"), instance("orders-2", "v2")];

/** A registry that says what it is told to say. */
class Source implements DiscoverySource {
  readonly name = "the test";
  readonly #names: ((names: ReadonlySet<string>) => void)[] = [];
  readonly #instances: ((instances: readonly Instance[]) => void)[] = [];
  readonly watched: string[] = [];
  watchNames(listener: (names: ReadonlySet<string>) => void): { stop(): void } {
    this.#names.push(listener);
    return { stop: () => {} };
  }
  watchInstances(service: string, listener: (instances: readonly Instance[]) => void): { stop(): void } {
    this.watched.push(service);
    this.#instances.push(listener);
    return { stop: () => {} };
  }
  close(): void {}
  names(...names: string[]): void {
    for (const listener of this.#names) listener(new Set(names));
  }
  say(...instances: Instance[]): void {
    for (const listener of this.#instances) listener(instances);
  }
}

interface World {
  readonly source: Source;
  readonly directory: Directory;
  readonly destinations: Destinations;
  readonly gone: Endpoint[];
  ask(service: string, subset?: string): Refusal | Wait | undefined;
  ids(service: string, subset?: string): string[];
}

function world(): World {
  const source = new Source();
  const directory = createDirectory({ source, runtime: createRuntime() });
  const gone: Endpoint[] = [];
  const destinations = new Destinations(directory, (endpoint) => gone.push(endpoint));
  const discover = destinations.discover();
  const of = (service: string, subset?: string): ReturnType<Destinations["of"]> =>
    destinations.of(service, subset, subset === undefined ? {} : { version: subset });
  return {
    source,
    directory,
    destinations,
    gone,
    ask: (service, subset) => discover.admit?.({ destination: of(service, subset) } as RoutedCall),
    ids: (service, subset) => of(service, subset).snapshot.endpoints.map(({ id }) => id),
  };
}

describe("destinations", () => {
  test("are the same for the same service and subset, whatever their labels become", () => {
    const { destinations } = world();

    expect(destinations.of("orders")).toBe(destinations.of("orders"));
    expect(destinations.of("orders", "v1", { version: "v1" })).toBe(destinations.of("orders", "v1", { track: "x" }));
    expect(destinations.of("orders", "v1")).not.toBe(destinations.of("orders", "v2"));
  });

  test("follow discovery, each subset with the instances that carry its labels", () => {
    const { source, ask, ids } = world();
    source.names("orders");
    for (const subset of [undefined, "v1", "v2"]) ask("orders", subset);

    source.say(v1, v2);
    expect([ids("orders"), ids("orders", "v1"), ids("orders", "v2")]).toEqual([
      ["orders-1", "orders-2"],
      ["orders-1"],
      ["orders-2"],
    ]);

    source.say(v2);
    expect([ids("orders"), ids("orders", "v1"), ids("orders", "v2")]).toEqual([["orders-2"], [], ["orders-2"]]);
    expect(source.watched).toEqual(["orders"]);
  });

  test("take new labels of a subset at once", () => {
    const { source, ask, destinations } = world();
    source.names("orders");
    ask("orders", "v1");
    source.say(v1, v2);

    const { snapshot } = destinations.of("orders", "v1", { track: "canary" });

    expect(snapshot.endpoints.map(({ id }) => id)).toEqual(["orders-2"]);
  });

  test("share endpoints between a service and its subsets, so that health is known to all", () => {
    const { source, ask, destinations } = world();
    source.names("orders");
    ask("orders");
    ask("orders", "v1");
    source.say(v1, v2);

    expect(destinations.of("orders", "v1", { version: "v1" }).snapshot.endpoints[0]).toBe(
      destinations.of("orders").snapshot.endpoints[0],
    );
  });

  test.each([[["v1", "v2"]], [[undefined]], [[undefined, "v1"]]])(
    "tell once of each endpoint that is gone, also when only %j are asked for",
    (subsets) => {
      const { source, ask, gone } = world();
      source.names("orders");
      for (const subset of subsets) ask("orders", subset);
      source.say(v1, v2);
      expect(gone).toEqual([]);

      source.say(v2, { ...v1, status: "DRAINING" });

      expect(gone.map(({ id }) => id)).toEqual(["orders-1"]);
    },
  );

  test("hold a call until the first word of discovery", () => {
    const { source, ask } = world();
    const answer = ask("orders") as Wait;
    const resumed: unknown[] = [];
    expect(answer.type).toBe("wait");
    answer.begin?.((refusal) => resumed.push(refusal));

    source.say(v1);

    expect(resumed).toEqual([undefined]);
    expect(ask("orders")).toBeUndefined();
  });

  test("refuse what discovery does not know, say what it knows, and watch nothing for it", () => {
    const { source, ask, directory } = world();
    source.names("orders", "users");

    for (let index = 0; index < 50; index++) {
      const refusal = ask(`wrong-${index}`) as Refusal;
      expect(refusal).toMatchObject({ type: "refusal", code: "ENMESH_UNKNOWN_DESTINATION" });
      expect((refusal.message as () => string)()).toBe(
        `"wrong-${index}" is not known to the test; it knows orders, users`,
      );
    }

    expect(source.watched).toEqual([]);
    expect(directory.views()).toEqual([]);
  });

  test("refuse a call that waited when the first word is that there is nobody", () => {
    const { source, ask } = world();
    const resumed: (Refusal | undefined)[] = [];
    (ask("orders") as Wait).begin?.((refusal) => resumed.push(refusal));

    source.say();

    expect(resumed[0]).toMatchObject({ code: "ENMESH_UNKNOWN_DESTINATION" });
  });

  test("are kept in a bounded number, and work beyond it", () => {
    const { destinations } = world();

    for (let index = 0; index < 10_050; index++) destinations.of(`host-${index}`);

    expect(destinations.all()).toHaveLength(10_000);
    expect(destinations.of("host-10049").name).toBe("host-10049");
  });
});
