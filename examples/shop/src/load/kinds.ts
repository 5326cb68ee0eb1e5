/** One request to make, and how to tell a right answer from a wrong one. */
export interface Ask {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isRight: (answer: Answered) => boolean;
  /** The order that exists once this was answered well. */
  readonly orderId?: string;
}

interface Answered {
  readonly id?: unknown;
  readonly status?: unknown;
  readonly products?: readonly unknown[];
}

/** Makes one request; `id` is unique in the run, `n` counts. */
type Kind = (id: string, n: number) => Ask;

/** What customers do, by the service that it is about. */
const kinds: Readonly<Record<string, Kind>> = {
  catalog: (_id, n) => {
    const product = `${1 + (n % 10)}`;
    return { method: "GET", path: `/api/catalog/${product}`, headers: {}, isRight: ({ id }) => id === product };
  },
  users: (_id, n) => {
    const user = 1 + (n % 1_000);
    return { method: "GET", path: `/api/users/${user}`, headers: {}, isRight: ({ id }) => id === user };
  },
  recommendations: (_id, n) => ({
    method: "GET",
    path: `/api/recommendations?for=${1 + (n % 10)}`,
    headers: { "x-user-segment": Math.floor(n / 10) % 4 === 0 ? "premium" : "standard" },
    isRight: ({ products }) => products?.length === 3,
  }),
  orders: (orderId, n) => ({
    method: "POST",
    path: "/api/orders",
    headers: { "content-type": "application/json", "idempotency-key": orderId },
    body: JSON.stringify({ user: 1 + (n % 1_000), product: `${1 + (n % 10)}` }),
    isRight: ({ id, status }) => id === orderId && status === "paid",
    orderId,
  }),
};

/**
 * Makes the n-th request of a run: the kinds take turns as the mix says, always in the same order.
 *
 * @throws Error when the mix names a kind that there is not
 */
export function asks(mix: Readonly<Record<string, number>>, runId: string): (n: number) => Ask {
  const turns = Object.entries(mix).flatMap(([name, share]) => Array.from({ length: share }, () => kindOf(name)));
  if (turns.length === 0) throw new Error("load: the mix is empty; write it as catalog=5,orders=2");
  return (n) => (turns[n % turns.length] as Kind)(`${runId}-${n}`, n);
}

function kindOf(name: string): Kind {
  const kind = kinds[name];
  if (kind === undefined) throw new Error(`load: no kind "${name}"; there are ${Object.keys(kinds).join(", ")}`);
  return kind;
}
