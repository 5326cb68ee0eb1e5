export interface Product {
  readonly id: string;
  readonly name: string;
  readonly cents: number;
  readonly stock: number;
}

const names = ["kettle", "teapot", "cup", "saucer", "spoon", "strainer", "tin", "tray", "cosy", "caddy"];

/** What the shop sells. */
export const products: readonly Product[] = Object.freeze(
  names.map((name, index) => ({ id: `${index + 1}`, name, cents: 500 + index * 250, stock: 100 - index })),
);
