// The recommendations: v1 names what everybody buys, v2 (for premium customers) what goes with the product.
import http from "node:http";

import { createMesh } from "enmesh";
import { enmesh } from "enmesh/node";

import { products } from "./data/products.ts";
import { announce } from "./starter/announce.ts";
import { answerJson } from "./http/answer-json.ts";

const mesh = await createMesh({ service: "recommendations" });
const { version } = mesh.identity;

const server = http.createServer(
  enmesh(mesh, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://recommendations");
    response.setHeader("x-version", `recommendations/${version}`);
    if (pathname !== "/recommendations")
      return answerJson(response, 404, { error: "there is /recommendations?for=:id" });

    const found = version === "v1" ? popular() : near(searchParams.get("for") ?? "");
    return answerJson(response, 200, { version, products: found.map(({ id, name }) => ({ id, name })) });
  }),
);

function popular(): typeof products {
  return products.slice(0, 3);
}

function near(id: string): typeof products {
  const at = products.findIndex((product) => product.id === id);
  return [1, 2, 3].flatMap((away) => products[(at + away) % products.length] ?? []);
}

server.listen(0, "127.0.0.1");
await mesh.join(server);
announce(mesh, server);
