// The users: who may order, and in which segment they are.
import http from "node:http";

import { createMesh } from "enmesh";
import { enmesh } from "enmesh/node";

import { announce } from "./starter/announce.ts";
import { answerJson } from "./http/answer-json.ts";

const mesh = await createMesh({ service: "users" });

const server = http.createServer(
  enmesh(mesh, (request, response) => {
    const found = /^\/users\/(\d{1,6})$/.exec(request.url ?? "");
    if (found === null) return answerJson(response, 404, { error: "there is /users/:number" });

    const id = Number(found[1]);
    return answerJson(response, 200, { id, name: `user ${id}`, segment: id % 4 === 0 ? "premium" : "standard" });
  }),
);

server.listen(0, "127.0.0.1");
await mesh.join(server);
announce(mesh, server);
