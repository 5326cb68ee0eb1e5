import { createMesh, type Mesh } from "enmesh";
import { Pool } from "undici";

/** One thing that is measured: makes a call and reads its JSON. */
export type Variant = (port: number) => Promise<{ call: () => Promise<unknown>; close: () => Promise<unknown> }>;

const everything = { service: "bench", admin: false, log: false } as const;

/** Four endpoints, as a service has; all of them lead to the one answering server. */
function meshTo(port: number, more: object = {}): Promise<Mesh> {
  const instances = [1, 2, 3, 4].map((number) => ({
    address: "127.0.0.1",
    port,
    id: `orders-${number}`,
    version: "v1",
  }));
  return createMesh({ ...everything, services: { orders: instances }, ...more });
}

function raw(): Variant {
  return async (port) => {
    const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 128 });
    return {
      call: async () => {
        const { body } = await pool.request({ path: "/orders/1", method: "GET" });
        return body.json();
      },
      close: () => pool.close(),
    };
  };
}

/** The baseline stands twice in every round: the ratio of the two says how much of a difference is noise. */
export const variants: Readonly<Record<string, Variant>> = {
  "undici request": raw(),
  "undici request, again": raw(),
  "mesh, streaming body": async (port) => {
    const mesh = await meshTo(port);
    return {
      call: async () => {
        const { body } = await mesh.dispatcher.request({ origin: "http://orders", path: "/orders/1", method: "GET" });
        return body.json();
      },
      close: () => mesh.close(),
    };
  },
  "mesh, buffered body": async (port) => {
    const mesh = await meshTo(port);
    return {
      call: async () => {
        const { body } = await mesh.request("http://orders/orders/1");
        return body.json();
      },
      close: () => mesh.close(),
    };
  },
};
