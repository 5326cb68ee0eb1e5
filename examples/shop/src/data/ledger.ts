import { openDatabase } from "./database.ts";

export interface Ledger {
  /** Charges an order, unless it was charged before: then only counts that it was asked for again. */
  charge(orderId: string): { readonly isRepeated: boolean };
  summary(): { readonly charges: number; readonly repeated: number };
  close(): void;
}

const schema = `CREATE TABLE IF NOT EXISTS charges (
  order_id TEXT PRIMARY KEY, asked INTEGER NOT NULL DEFAULT 1
) STRICT`;

/** The charges that were made, in one file that all instances share. */
export function openLedger(folder: string | undefined): Ledger {
  const database = openDatabase(folder, "payments.db", schema);
  const charge = database.prepare(
    "INSERT INTO charges (order_id) VALUES (?) ON CONFLICT (order_id) DO UPDATE SET asked = asked + 1 RETURNING asked",
  );
  const summary = database.prepare("SELECT count(*) AS charges, coalesce(sum(asked - 1), 0) AS repeated FROM charges");

  return {
    charge: (orderId) => ({ isRepeated: (charge.get(orderId) as { asked: number }).asked > 1 }),
    summary: () => summary.get() as unknown as ReturnType<Ledger["summary"]>,
    close: () => database.close(),
  };
}
