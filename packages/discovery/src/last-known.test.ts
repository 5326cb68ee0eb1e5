import type { Endpoint, InstanceStatus } from "@enmesh/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { idsOf, instanceOf, scriptedDirectory } from "./scripted/fakes.ts";

describe("last known good", () => {
  test("an unreachable registry makes a view stale and empties nothing", () => {
    const { source, directory, typesOf } = scriptedDirectory();
    directory.view("orders");
    source.answer("orders", instanceOf("a"), instanceOf("b"));

    source.goAway();
    const away = directory.view("orders");
    const state = away.state;
    source.answer("orders", instanceOf("a"), instanceOf("b"));

    expect([state, idsOf(directory)]).toEqual(["stale", ["a", "b"]]);
    expect(away.state).toBe("known");
    expect(typesOf("discovery.")).toEqual([
      "discovery.changed",
      "discovery.stale",
      "discovery.stale",
      "discovery.recovered",
    ]);
  });

  test("an empty answer keeps what was up and makes the view stale", () => {
    const { source, directory } = scriptedDirectory();
    directory.view("orders");
    source.answer("orders", instanceOf("a"), instanceOf("b", { status: "DOWN" }));

    source.answer("orders");

    expect([directory.view("orders").state, idsOf(directory)]).toEqual(["stale", ["a"]]);
  });

  test("what was seen draining before it vanished is gone", () => {
    const { source, directory } = scriptedDirectory();
    directory.view("orders");
    source.answer("orders", instanceOf("a"));

    source.answer("orders", instanceOf("a", { status: "DRAINING" }));
    source.answer("orders");

    expect([directory.view("orders").state, idsOf(directory)]).toEqual(["known", []]);
  });

  test("a small shrink is taken at once", () => {
    const { source, directory } = scriptedDirectory();
    directory.view("orders");
    source.answer("orders", instanceOf("a"), instanceOf("b"), instanceOf("c"));

    source.answer("orders", instanceOf("b"), instanceOf("c"));

    expect([directory.view("orders").state, idsOf(directory)]).toEqual(["known", ["b", "c"]]);
  });

  test("a source whose word is final is believed whatever it leaves out", () => {
    const { source, directory } = scriptedDirectory({ isAuthoritative: true });
    directory.view("orders");
    source.answer("orders", instanceOf("a"), instanceOf("b"), instanceOf("c"));

    source.answer("orders", instanceOf("b"));
    const one = idsOf(directory);
    source.answer("orders");

    expect([one, idsOf(directory)]).toEqual([["b"], []]);
  });

  test("a registry that forgot all, and hears of one that is only starting, empties nothing", () => {
    const { source, directory } = scriptedDirectory();
    directory.view("orders");
    source.answer("orders", instanceOf("a"), instanceOf("b"));

    source.answer("orders", instanceOf("a", { status: "STARTING" }));

    expect([directory.view("orders").state, idsOf(directory)]).toEqual(["stale", ["b"]]);
  });

  test("an instance that came back under another id replaces the one that was remembered at its place", () => {
    const { source, directory } = scriptedDirectory();
    directory.view("orders");
    source.answer("orders", instanceOf("a", { port: 3001 }));

    source.answer("orders", instanceOf("a2", { port: 3001, status: "STARTING" }));

    expect(idsOf(directory)).toEqual([]);
  });

  test("an answer that does not speak of a live instance never empties a view", () => {
    const statuses = fc.constantFrom<InstanceStatus>("STARTING", "UP", "DRAINING", "DOWN", "OUT_OF_SERVICE");
    const answers = fc.array(fc.dictionary(fc.constantFrom("a", "b", "c", "d"), statuses));

    const property = fc.property(answers, (script) => {
      const { source, directory } = scriptedDirectory();
      directory.view("orders");
      return script.every((answer) => {
        const unmentioned = idsOf(directory).filter((id) => answer[id] === undefined);
        source.answer("orders", ...Object.entries(answer).map(([id, status]) => instanceOf(id, { status })));
        return unmentioned.length === 0 || idsOf(directory).length > 0;
      });
    });

    expect(() => fc.assert(property)).not.toThrow();
  });

  test("an endpoint stays the same object while id and address stay, over any sequence of answers", () => {
    const words = fc.record({ isUp: fc.boolean(), port: fc.constantFrom(1, 2) });
    const answers = fc.array(fc.dictionary(fc.constantFrom("a", "b", "c"), words));

    const property = fc.property(answers, (script) => {
      const { source, directory } = scriptedDirectory();
      const view = directory.view("orders");
      const seen = new Map<string, Endpoint>();
      return script.every((answer) => {
        source.answer(
          "orders",
          ...Object.entries(answer).map(([id, { isUp, port }]) =>
            instanceOf(id, { port, status: isUp ? "UP" : "DOWN" }),
          ),
        );
        return view.snapshot.endpoints.every((endpoint) => {
          const last = seen.get(endpoint.id);
          seen.set(endpoint.id, endpoint);
          return last === endpoint || !last?.isSame(endpoint.instance);
        });
      });
    });

    expect(() => fc.assert(property)).not.toThrow();
  });
});
