/** One key with its value. */
export interface KvEntry {
  readonly key: string;
  readonly value: Buffer;
  /** An unsigned 64-bit number, in decimal: larger than what a JavaScript number holds. */
  readonly flags: string;
  /** How often it was locked. @default 0 */
  readonly lockIndex?: number;
  /** The session that holds its lock. */
  readonly session?: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}
