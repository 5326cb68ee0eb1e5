import { createRuntime, type Instance } from "@enmesh/core";
import { consulRegistrar, consulSource, eurekaRegistrar, eurekaSource } from "@enmesh/discovery";

import { gateTo, putThrough, type SourceGround } from "./source-conformance.ts";

/** A server of the Consul HTTP API as a ground for the conformance suite. */
export async function consulGround(
  start: () => Promise<{ url: string; stop: () => Promise<void> }>,
): Promise<SourceGround> {
  const { url, stop } = await start();
  const gate = await gateTo(url);
  const registrar = consulRegistrar({ url, runtime: createRuntime() });
  const put = putThrough(registrar);
  const maintained = new Set<string>();
  const maintain = async (id: string, enable: boolean): Promise<void> => {
    await fetch(`${url}/v1/agent/service/maintenance/${id}?enable=${enable}`, { method: "PUT" });
    if (enable) maintained.add(id);
    else maintained.delete(id);
  };
  return {
    source: (parts) => consulSource({ url: gate.url, ...parts }),
    // Consul's word for out of service is maintenance, which an operator declares.
    put: async (service, instances) => {
      await put(
        service,
        instances.map((one): Instance => (one.status === "OUT_OF_SERVICE" ? { ...one, status: "UP" } : one)),
      );
      for (const { id, status } of instances)
        if (maintained.has(id) !== (status === "OUT_OF_SERVICE")) await maintain(id, status === "OUT_OF_SERVICE");
    },
    outage: gate.outage,
    stop: async () => {
      registrar.close();
      await gate.close();
      await stop();
    },
  };
}

/** A Eureka server, ours or a real one, as a ground for the conformance suite. */
export async function eurekaGround(server: {
  /** Where its API begins: `http://127.0.0.1:8761/eureka`. */
  readonly url: string;
  readonly everyMs: number;
  readonly stop: () => Promise<void>;
}): Promise<SourceGround> {
  const gate = await gateTo(server.url);
  const registrar = (): ReturnType<typeof eurekaRegistrar> =>
    eurekaRegistrar({ url: server.url, runtime: createRuntime() });
  const registrars = new Map<string, ReturnType<typeof eurekaRegistrar>>();
  const present = new Map<string, Map<string, Instance>>();
  const lease = { ttlMs: 600_000, deregisterAfterMs: 600_000 };
  return {
    source: (parts) => eurekaSource({ url: gate.url, everyMs: server.everyMs, ...parts }),
    // A registrar belongs to one instance: it remembers what it told of it.
    put: async (service, instances) => {
      const before = present.get(service) ?? new Map<string, Instance>();
      for (const old of before.values()) {
        if (instances.some(({ id }) => id === old.id)) continue;
        await registrars.get(old.id)?.deregister(old);
        registrars.get(old.id)?.close();
        registrars.delete(old.id);
      }
      for (const instance of instances) {
        const own = registrars.get(instance.id) ?? registrar();
        if (!registrars.has(instance.id)) await own.register({ ...instance, status: "UP" }, lease);
        registrars.set(instance.id, own);
        await own.report(instance, instance.status, instance.status);
      }
      present.set(service, new Map(instances.map((instance) => [instance.id, instance])));
    },
    outage: gate.outage,
    stop: async () => {
      for (const own of registrars.values()) own.close();
      await gate.close();
      await server.stop();
    },
  };
}
