// The payments: charges each order once, however often it is asked to. POST /payments with an Idempotency-Key.
import http from "node:http";

import { createMesh } from "enmesh";
import { enmesh } from "enmesh/node";

import { openLedger } from "./data/ledger.ts";
import { announce } from "./starter/announce.ts";
import { answerJson } from "./http/answer-json.ts";

const mesh = await createMesh({ service: "payments" });
const ledger = openLedger(process.env["SHOP_DATA"]);

const server = http.createServer(
  enmesh(mesh, (request, response) => {
    if (request.url !== "/payments") return answerJson(response, 404, { error: "there is /payments" });
    if (request.method === "GET") return answerJson(response, 200, ledger.summary());

    const orderId = request.headers["idempotency-key"];
    if (typeof orderId !== "string") return answerJson(response, 400, { error: "an Idempotency-Key is needed" });
    const { isRepeated } = ledger.charge(orderId);
    if (isRepeated) mesh.log.info({ order: orderId }, "asked again for a charge that was made; not charged twice");
    return answerJson(response, isRepeated ? 200 : 201, { order: orderId, payment: `payment-${orderId}` });
  }),
);

server.listen(0, "127.0.0.1");
await mesh.join(server);
mesh.onClose(() => ledger.close());
announce(mesh, server);
