import { describeSource, everything, everyStatus } from "../support/source-conformance.ts";
import { eurekaGround } from "../support/source-grounds.ts";
import { startEurekaServer } from "./java-programs.ts";

describeSource({
  name: "a real Eureka server",
  start: async () => {
    const { url, destroy } = await startEurekaServer();
    return eurekaGround({ url: `${url}/eureka`, everyMs: 100, stop: async () => void (await destroy()) });
  },
  statuses: everyStatus,
  tells: everything,
  // Half a second of it is the cache of the server.
  withinMs: 2_000,
  takesMalformed: true,
});
