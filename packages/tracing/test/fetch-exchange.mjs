import { answered, Attempt, Destination, Endpoint, Exchange, failed } from "@enmesh/core";
import { withoutInstrumentation } from "@enmesh/tracing";

/** A call over the built-in `fetch`: the smallest HTTP driver that carries policies. */
export class FetchExchange extends Exchange {
  method = "GET";
  path = "/stock?token=secret";
  isIdempotent = true;
  isReplayable = true;

  constructor(runtime, pipeline, port, ended) {
    super(runtime, pipeline, "stock");
    this.destination = new Destination("stock");
    this.plan = { name: "default" };
    this.endpoint = new Endpoint({
      id: "stock-1",
      service: "stock",
      address: "127.0.0.1",
      port,
      protocol: "http",
      labels: {},
      weight: 1,
      status: "UP",
    });
    this.ended = ended;
  }

  header() {
    return undefined;
  }

  createAttempt() {
    return new FetchAttempt(this);
  }

  deliver(outcome) {
    this.ended(outcome);
  }
}

class FetchAttempt extends Attempt {
  constructor(exchange) {
    super(exchange);
    this.endpoint = exchange.endpoint;
  }

  send() {
    const headers = new Headers();
    for (let at = 0; at < this.addedHeaders.length; at += 2)
      headers.append(this.addedHeaders[at], this.addedHeaders[at + 1]);
    const dispatch = () => fetch(this.endpoint.origin + this.path, { headers });
    const sent = process.env.BREAK === "suppression" ? dispatch() : withoutInstrumentation(dispatch);
    sent.then(
      async (response) => {
        await response.arrayBuffer();
        if (this.answered(answered(response.status, this.elapsedMs()))) this.finish();
      },
      (error) => this.fail(failed("connect", error, this.elapsedMs())),
    );
  }

  abandon() {}
}
