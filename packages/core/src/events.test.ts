import { describe, expect, test } from "vitest";

import { EventChannel } from "./events.ts";

describe("an event channel", () => {
  test("tells everybody else, when one listener throws", () => {
    const channel = new EventChannel();
    const heard: string[] = [];
    channel.listen(() => {
      throw new Error("a bug");
    });
    channel.listen((event) => heard.push(event.type));

    channel.report({ type: "breaker.opened" });

    expect(heard).toEqual(["breaker.opened"]);
  });

  test("is heard while somebody listens", () => {
    const channel = new EventChannel();
    const stop = channel.listen(() => {});

    const before = channel.isHeard;
    stop();

    expect([before, channel.isHeard]).toEqual([true, false]);
  });

  test("tells a listener that was given twice twice, and once when one of them stopped, however often", () => {
    const channel = new EventChannel();
    let heard = 0;
    const listener = (): void => void (heard += 1);
    const stop = channel.listen(listener);
    channel.listen(listener);

    channel.report({ type: "first" });
    stop();
    stop();
    channel.report({ type: "second" });

    expect(heard).toBe(3);
  });

  test("lets a listener leave while it is told", () => {
    const channel = new EventChannel();
    const heard: string[] = [];
    const stop = channel.listen(() => {
      heard.push("first");
      stop();
    });
    channel.listen(() => void heard.push("second"));

    channel.report({ type: "any" });
    channel.report({ type: "any" });

    expect(heard).toEqual(["first", "second", "second"]);
  });
});
