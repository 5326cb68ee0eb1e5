import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Opens a database file that several processes share; without a folder, one in memory for this process alone. */
export function openDatabase(folder: string | undefined, name: string, schema: string): DatabaseSync {
  const database = new DatabaseSync(folder === undefined ? ":memory:" : join(folder, name), { timeout: 2_000 });
  // Readers and the one writer do not wait for each other; a killed process loses nothing that it has written.
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${schema}`);
  return database;
}
