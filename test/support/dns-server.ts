import { createSocket, type RemoteInfo } from "node:dgram";

interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority?: number;
  readonly weight?: number;
}

/** What a name has. A name that has nothing of the asked kind answers with nothing; a name that is not there does not exist. */
interface DnsRecords {
  readonly a?: readonly string[];
  readonly aaaa?: readonly string[];
  readonly srv?: readonly SrvRecord[];
  readonly ttl?: number;
}

/** A name server for tests: it says what it is told to say, and can be ill in all the ways that name servers are. */
export interface DnsServer {
  /** `127.0.0.1:5353`, as resolvers take it. */
  readonly address: string;
  readonly names: Map<string, DnsRecords>;
  mood: "well" | "SERVFAIL" | "NXDOMAIN" | "empty" | "silent";
  /** Questions so far. */
  asked: number;
  close(): Promise<void>;
}

const kinds = { a: 1, aaaa: 28, srv: 33 } as const;

/** Starts a name server on a free UDP port. */
export async function startDnsServer(): Promise<DnsServer> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const server: DnsServer = {
    address: `127.0.0.1:${socket.address().port}`,
    names: new Map(),
    mood: "well",
    asked: 0,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on("message", (query: Buffer, from: RemoteInfo) => {
    server.asked += 1;
    if (server.mood !== "silent") socket.send(answerTo(query, server), from.port, from.address);
  });
  return server;
}

function answerTo(query: Buffer, { mood, names }: DnsServer): Buffer {
  const { name, end } = readName(query, 12);
  const kind = query.readUInt16BE(end);
  const question = query.subarray(12, end + 4);
  const records = names.get(name.toLowerCase());
  const code = mood === "SERVFAIL" ? 2 : mood === "NXDOMAIN" || records === undefined ? 3 : 0;
  const data = code === 0 && mood === "well" && records !== undefined ? dataOf(records, kind) : [];
  const ttl = records?.ttl ?? 60;
  const header = Buffer.alloc(12);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(data.length, 6);
  return Buffer.concat([header, question, ...data.map((one) => record(kind, ttl, one))]);
}

function dataOf({ a = [], aaaa = [], srv = [] }: DnsRecords, kind: number): Buffer[] {
  if (kind === kinds.a) return a.map((address) => Buffer.from(address.split(".").map(Number)));
  if (kind === kinds.aaaa) return aaaa.map(sixBytes);
  if (kind !== kinds.srv) return [];
  return srv.map(({ name, port, priority = 0, weight = 1 }) => {
    const numbers = Buffer.alloc(6);
    [priority, weight, port].forEach((number, at) => numbers.writeUInt16BE(number, 2 * at));
    return Buffer.concat([numbers, writeName(name)]);
  });
}

/** One record; its name points back to the question. */
function record(kind: number, ttl: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(kind, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function sixBytes(address: string): Buffer {
  const [head = "", tail] = address.split("::");
  const groups = (text: string | undefined): string[] => (text === undefined || text === "" ? [] : text.split(":"));
  const [front, back] = [groups(head), groups(tail)];
  const middle = Array.from({ length: 8 - front.length - back.length }, () => "0");
  const bytes = Buffer.alloc(16);
  [...front, ...middle, ...back].forEach((group, at) => bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * at));
  return bytes;
}

function readName(packet: Buffer, from: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = from;
  for (let length = packet[at] ?? 0; length > 0; length = packet[at] ?? 0) {
    labels.push(packet.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), end: at + 1 };
}

function writeName(name: string): Buffer {
  const labels = name.split(".").filter((label) => label !== "");
  return Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);
}
