import { openDatabase } from "./database.ts";

interface Order {
  readonly id: string;
  readonly user: number;
  readonly product: string;
  readonly status: "open" | "paid";
  /** How often this order was asked for: more than once when a request was repeated. */
  readonly asked: number;
}

export interface OrderBook {
  /** Writes a new order down, or finds the one with this id and counts that it was asked for again. */
  open(order: Pick<Order, "id" | "user" | "product">): Order;
  paid(id: string): Order;
  find(id: string): Order | undefined;
  summary(): { readonly orders: number; readonly paid: number; readonly repeated: number };
  close(): void;
}

const schema = `CREATE TABLE IF NOT EXISTS orders (
  id TEXT PRIMARY KEY, user INTEGER NOT NULL, product TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'open', asked INTEGER NOT NULL DEFAULT 1
) STRICT`;

/** The orders, in one file that all instances share. The primary key makes a second order with the same id impossible. */
export function openOrderBook(folder: string | undefined): OrderBook {
  const database = openDatabase(folder, "orders.db", schema);
  const open = database.prepare(
    "INSERT INTO orders (id, user, product) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET asked = asked + 1 RETURNING *",
  );
  const paid = database.prepare("UPDATE orders SET status = 'paid' WHERE id = ? RETURNING *");
  const find = database.prepare("SELECT * FROM orders WHERE id = ?");
  const summary = database.prepare(
    "SELECT count(*) AS orders, coalesce(sum(status = 'paid'), 0) AS paid, coalesce(sum(asked - 1), 0) AS repeated FROM orders",
  );

  return {
    open: ({ id, user, product }) => open.get(id, user, product) as unknown as Order,
    paid: (id) => paid.get(id) as unknown as Order,
    find: (id) => find.get(id) as unknown as Order | undefined,
    summary: () => summary.get() as unknown as ReturnType<OrderBook["summary"]>,
    close: () => database.close(),
  };
}
