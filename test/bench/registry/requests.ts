/** A request as it goes over the wire. */
export function request(method: string, path: string, body = ""): Buffer {
  const length = body === "" && method === "GET" ? "" : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${length}\r\n${body}`);
}

/** Registers an instance with a lease. Another version is a change that watchers see. */
export function registration(name: string, id: string, status = "", version = "1"): Buffer {
  const check = { TTL: "600s", ...(status === "" ? {} : { Status: status }) };
  const body = { ...instance(id, version), Name: name, Check: check };
  return request("PUT", "/v1/agent/service/register", JSON.stringify(body));
}

/** Lists an instance in the catalog, past the agent. */
export function catalogEntry(name: string, id: string, status: string): Buffer {
  const check = { Node: "bench", CheckID: `service:${id}`, Name: "check", Status: status, ServiceID: id };
  const service = { ...instance(id, "1"), Service: name };
  const entry = { Node: "bench", Address: "10.0.0.7", SkipNodeUpdate: true, Service: service, Check: check };
  return request("PUT", "/v1/catalog/register", JSON.stringify(entry));
}

function instance(id: string, version: string) {
  return { ID: id, Address: "10.0.0.7", Port: 8080, Tags: ["bench"], Meta: { version, zone: "a" } };
}
