import { createServer } from "node:net";

/**
 * The other side of the benchmark: answers every request head with the same bytes, and looks at nothing else, so that it
 * is never what is measured.
 */
const body = JSON.stringify({
  id: "order-1",
  state: "paid",
  items: [1, 2, 3],
  total: 42.5,
  note: "a body of about a hundred bytes",
});
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
);
const headEnd = Buffer.from("\r\n\r\n");

const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on("data", (chunk) => {
    for (let at = chunk.indexOf(headEnd); at !== -1; at = chunk.indexOf(headEnd, at + 4)) socket.write(answer);
  });
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as { port: number }).port }));
process.on("disconnect", () => process.exit());
