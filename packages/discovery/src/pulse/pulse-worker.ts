// This file runs in a thread of its own and must load there by itself: it imports nothing but Node's modules, and types.
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { parentPort } from "node:worker_threads";

import type { BeatRequest, FromWorker, ToWorker, Word } from "./beat-request.ts";

const tickMs = 100;
const agents = { "http:": new HttpAgent({ keepAlive: true }), "https:": new HttpsAgent({ keepAlive: true }) };

let word: Word | undefined;
let turnedAt = performance.now();
let tickedAt = turnedAt;
let beatAt = 0;
let beats = 0;
let saidDown = false;
let underWay: Promise<void> | undefined;

parentPort?.on("message", (message: ToWorker) => {
  const stillMs = performance.now() - turnedAt;
  turnedAt = performance.now();
  if (beats > 0) tell({ type: "stoodIn", beats, stillMs, saidDown });
  beats = 0;
  saidDown = false;
  if (message.type === "word") word = message.word;
  if (message.type === "hush") hush(message.number);
});

setInterval(tick, tickMs);

function tick(): void {
  const now = performance.now();
  // The whole process was asleep, we too: that says nothing about the main loop.
  if (now - tickedAt > 10 * tickMs) turnedAt += now - tickedAt;
  tickedAt = now;
  if (word === undefined || underWay !== undefined) return;
  const stillMs = now - turnedAt;
  if (stillMs < word.stillAfterMs || (beats > 0 && now - beatAt < word.everyMs)) return;
  const isDead = stillMs >= word.livenessMs;
  beatAt = now;
  beats += 1;
  saidDown ||= isDead;
  underWay = send(isDead ? word.down : word.up, word.timeoutMs).finally(() => (underWay = undefined));
}

function hush(number: number): void {
  word = undefined;
  const wasBeating = underWay !== undefined;
  void (underWay ?? Promise.resolve()).then(() => tell({ type: "hushed", number, wasBeating }));
}

function tell(message: FromWorker): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage(message);
}

/** Sends one beat. Its answer does not matter here: the main loop asks again as soon as it can. */
function send({ url, method, headers, body, tls }: BeatRequest, timeoutMs: number): Promise<void> {
  const isSecure = url.startsWith("https:");
  const options = { method, headers, timeout: timeoutMs, agent: agents[isSecure ? "https:" : "http:"], ...tls };
  return new Promise((resolve) => {
    const request = (isSecure ? httpsRequest : httpRequest)(url, options as object, (answer) => {
      answer.resume();
      answer.once("close", resolve);
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve());
    request.once("close", () => resolve());
    request.end(body);
  });
}
