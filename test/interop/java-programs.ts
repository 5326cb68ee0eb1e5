import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { freePort } from "../support/free-port.ts";
import { spawnProgram, type Running } from "../support/processes.ts";

/** A program in Java that answers at `url`. */
export interface JavaProgram extends Running {
  readonly url: string;
}

export interface EurekaServerOptions {
  /** The address of its peer, with the path. @default none */
  readonly peer?: string;
  /** Reads may be half a second old, as they are half a minute old by default. @default true */
  readonly isCaching?: boolean;
}

/** Starts the Eureka server of Spring Cloud; its API is at `url` + "/eureka". */
export function startEurekaServer({ peer, isCaching = true }: EurekaServerOptions = {}): Promise<JavaProgram> {
  const settings = {
    "eureka.server.use-read-only-response-cache": String(isCaching),
    ...(peer === undefined ? {} : { "eureka.client.service-url.defaultZone": peer }),
  };
  return startJava("eureka-server", settings, "/eureka/apps");
}

/** Starts a Spring Boot service that registers with `eureka`, and tells at `/services/<name>` whom it has discovered. */
export function startSpringClient(eureka: string): Promise<JavaProgram> {
  return startJava("spring-client", { "eureka.client.service-url.defaultZone": eureka }, "/services");
}

async function startJava(name: string, settings: Record<string, string>, path: string): Promise<JavaProgram> {
  const port = await freePort();
  const jar = fileURLToPath(new URL(`./${name}/target/${name}.jar`, import.meta.url));
  const given = Object.entries({ ...settings, "server.port": String(port) }).map(([key, value]) => `--${key}=${value}`);
  const program = spawnProgram("java", { args: ["-Xmx192m", "-XX:TieredStopAtLevel=1", "-jar", jar, ...given] });
  const url = `http://127.0.0.1:${port}`;
  await answers(program, `${url}${path}`);
  return { ...program, url };
}

async function answers(program: Running, url: string, timeoutMs = 90_000): Promise<void> {
  let hasEnded = false;
  void program.exited.finally(() => (hasEnded = true)).catch(() => {});

  for (const giveUpAt = Date.now() + timeoutMs; Date.now() < giveUpAt && !hasEnded; await sleep(200)) {
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
  }
  await program.destroy();
  throw new Error(`${url} ${hasEnded ? "ended" : "does not answer"}; its output:\n${program.output()}`);
}
