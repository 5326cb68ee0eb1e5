/** Something that whoever started the shop can mend; its message says how. */
export class ShopError extends Error {
  override readonly name = "ShopError";
}
