import { Agent, request } from "node:http";

/** An answer of a registry. */
export interface Answered {
  readonly status: number;
  readonly index: string;
  readonly body: string;
}

/** One connection to a registry, as a service or a watcher holds it. */
export class Line {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: string) {
    this.#url = url;
  }

  ask(method: string, path: string, body = ""): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const sent = request(this.#url + path, { agent: this.#agent, method }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, index: String(response.headers["x-consul-index"]), body: text }),
        );
        response.on("error", reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  /** Ends the connection in the middle of whatever it is in. */
  cut(): void {
    this.#agent.destroy();
  }
}

export interface Beating {
  readonly service: string;
  readonly id: string;
  readonly ttlMs: number;
  readonly everyMs: number;
}

/** A service instance that registers, beats, and leaves in one of two ways. */
export class ChurnInstance {
  readonly service: string;
  readonly id: string;
  readonly #line: Line;
  readonly #timer: NodeJS.Timeout;

  private constructor(url: string, { service, id, everyMs }: Beating) {
    this.service = service;
    this.id = id;
    this.#line = new Line(url);
    // A beat that is cut off is what a crash looks like.
    this.#timer = setInterval(() => void this.#beat().catch(() => {}), everyMs);
  }

  static async start(url: string, beating: Beating): Promise<ChurnInstance> {
    const instance = new ChurnInstance(url, beating);
    const { service, id, ttlMs } = beating;
    const body = {
      Name: service,
      ID: id,
      Address: "127.0.0.1",
      Port: 8080,
      Check: { TTL: `${ttlMs}ms`, Status: "passing" },
    };
    const { status } = await instance.#line.ask("PUT", "/v1/agent/service/register", JSON.stringify(body));
    if (status !== 200) throw new Error(`${id} was not registered: ${status}`);
    return instance;
  }

  /** Gone without a word. */
  crash(): void {
    clearInterval(this.#timer);
    this.#line.cut();
  }

  /** Out of service first, and then off the list. */
  async drain(): Promise<void> {
    clearInterval(this.#timer);
    await this.#line.ask("PUT", `/v1/agent/service/maintenance/${this.id}?enable=true&reason=drain`);
    await this.#line.ask("PUT", `/v1/agent/service/deregister/${this.id}`);
    this.#line.cut();
  }

  #beat(): Promise<Answered> {
    return this.#line.ask("PUT", `/v1/agent/check/pass/service:${this.id}`);
  }
}

/** Watches who is healthy in a service, with blocking queries, until it is told to stop. */
export class Watcher {
  readonly service: string;
  readonly #line: Line;
  #isOver = false;
  #healthy: readonly string[] = [];
  readonly done: Promise<void>;

  constructor(url: string, service: string) {
    this.service = service;
    this.#line = new Line(url);
    this.done = this.#watch();
  }

  /** The ids it saw last, in order. */
  get healthy(): readonly string[] {
    return this.#healthy;
  }

  stop(): Promise<void> {
    this.#isOver = true;
    this.#line.cut();
    return this.done;
  }

  async #watch(): Promise<void> {
    let index = "0";
    while (!this.#isOver) {
      try {
        const answer = await this.#line.ask(
          "GET",
          `/v1/health/service/${this.service}?passing&index=${index}&wait=60s`,
        );
        const listed = JSON.parse(answer.body) as { readonly Service: { readonly ID: string } }[];
        index = answer.index;
        this.#healthy = listed.map(({ Service }) => Service.ID).toSorted();
      } catch (error) {
        if (!this.#isOver) throw error;
      }
    }
  }
}
