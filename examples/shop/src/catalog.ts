// The catalog: what the shop sells. v2 knows prices in cents and what is in stock; it goes out as a canary.
// A plain node:http server in the mesh: two lines more than without.
import http from "node:http";

import { createMesh } from "enmesh";
import { enmesh } from "enmesh/node";

import { products } from "./data/products.ts";
import { announce } from "./starter/announce.ts";
import { answerJson } from "./http/answer-json.ts";

const mesh = await createMesh({ service: "catalog" }); // version, registry and the rest come from ENMESH_* variables
const { version } = mesh.identity;

const server = http.createServer(
  enmesh(mesh, (request, response) => {
    const [, path, id] = new URL(request.url ?? "/", "http://catalog").pathname.split("/");
    response.setHeader("x-version", `catalog/${version}`);
    if (path !== "catalog") return answerJson(response, 404, { error: "there is /catalog and /catalog/:id" });
    if (id === undefined) return answerJson(response, 200, { version, products: products.map(shown) });

    const product = products.find((one) => one.id === id);
    if (product === undefined) return answerJson(response, 404, { error: `no product "${id}"` });
    return answerJson(response, 200, { version, ...shown(product) });
  }),
);

function shown({ id, name, cents, stock }: (typeof products)[number]): object {
  return version === "v1" ? { id, name, price: cents / 100 } : { id, name, cents, stock };
}

server.listen(0, "127.0.0.1");
await mesh.join(server); // now others find us; SIGTERM will drain and leave
announce(mesh, server);
