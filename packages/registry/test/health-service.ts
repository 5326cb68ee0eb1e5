import { createServer as createHttp2, type Http2Server } from "node:http2";
import { createServer, type IncomingMessage, type Server } from "node:http";

/** A service that answers `GET /<status>` with that status, and `/to/<path>` with a redirect. */
export async function startHttpService(): Promise<{
  readonly url: string;
  asked: IncomingMessage[];
  stop(): Promise<void>;
}> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    const path = request.url ?? "";
    if (path.startsWith("/to/")) {
      response.writeHead(302, { Location: path.startsWith("/to/http") ? path.slice(4) : path.slice(3) }).end();
    } else if (path === "/never") {
      // Whoever asks this waits.
    } else response.writeHead(Number(path.slice(1)) || 200).end("how it is");
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, asked, stop: () => stop(server) };
}

/** A gRPC server with the health protocol: it serves what it is told to. */
export async function startGrpcService(
  serving: readonly string[],
): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const server = createHttp2();
  server.on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const message = Buffer.concat(chunks).subarray(5);
      const service = message.length === 0 ? "" : message.subarray(2).toString();
      const isKnown = headers[":path"] === "/grpc.health.v1.Health/Check" && service !== "unknown";
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () =>
        stream.sendTrailers(
          isKnown ? { "grpc-status": "0" } : { "grpc-status": "5", "grpc-message": "unknown service" },
        ),
      );
      if (isKnown) stream.write(Buffer.from([0, 0, 0, 0, 2, 0x08, serving.includes(service) ? 1 : 2]));
      stream.end();
    });
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  const address = `127.0.0.1:${await listen(server)}`;
  return {
    address,
    stop: () => {
      for (const session of sessions) session.destroy();
      return stop(server);
    },
  };
}

async function listen(server: Server | Http2Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { readonly port: number }).port;
}

function stop(server: Server | Http2Server): Promise<void> {
  if ("closeAllConnections" in server) server.closeAllConnections();
  return new Promise((resolve) => void server.close(() => resolve()));
}
