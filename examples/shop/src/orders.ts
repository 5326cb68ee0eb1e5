// The orders: an Express application in the mesh. An order asks users who orders and payments to charge it.
// Its id is the Idempotency-Key, so a repeated request finds the order that is there and never makes a second one.
import { createMesh } from "enmesh";
import { enmesh } from "enmesh/express";
import express from "express";

import { openOrderBook } from "./data/order-book.ts";
import { announce } from "./starter/announce.ts";

const mesh = await createMesh({ service: "orders" });
const book = openOrderBook(process.env["SHOP_DATA"]);

const app = express();
app.use(enmesh(mesh)); // every request from here on is seen, traced and bounded by its caller's deadline
app.use(express.json());

// oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 takes promises, and their failures to its error handler
app.post("/orders", async (request, response) => {
  const id = request.get("idempotency-key");
  const { user, product } = (request.body ?? {}) as { user?: number; product?: string };
  if (!id || !user || !product) return response.status(400).json({ error: "Idempotency-Key, user and product needed" });

  const order = book.open({ id, user, product });
  if (order.status === "paid") return response.json(order);

  const buyer = await mesh.request(`http://users/users/${user}`);
  if (buyer.statusCode !== 200) return response.status(422).json({ error: `no user ${user}` });
  const headers = { "idempotency-key": id }; // says that payments may be asked again, should an answer get lost
  const payment = await mesh.request("http://payments/payments", { method: "POST", headers, json: { product } });
  if (payment.statusCode >= 300) return response.status(502).json({ error: "the payment was not taken" });

  mesh.log.debug({ order: id }, "order paid");
  return response.status(201).json(book.paid(id));
});

app.get("/orders", (_request, response) => response.json(book.summary()));

app.get("/orders/:id", (request, response) => {
  const order = book.find(request.params.id);
  return order === undefined ? response.status(404).json({ error: "no such order" }) : response.json(order);
});

const server = app.listen(0, "127.0.0.1");
await mesh.join(server);
mesh.onClose(() => book.close());
announce(mesh, server);
