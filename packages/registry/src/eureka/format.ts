import { plainText } from "../http/answers.ts";
import { Rejection, type Answer, type Ask } from "../http/exchange.ts";
import { parseJson } from "../go/json.ts";
import { DecodeError } from "../go/decode-error.ts";
import { readXml } from "./read-xml.ts";
import { XmlError } from "./xml-error.ts";
import { xmlValue } from "./xml-value.ts";

/** The two languages of Eureka's clients. */
export type Format = "json" | "xml";

/** XML, unless JSON is asked for: many a client says nothing and reads XML. */
export function formatOf({ header }: Ask): Format {
  return /json/i.test(header("accept") ?? "") ? "json" : "xml";
}

export function textAnswer(format: Format, body: string | Buffer, status = 200): Answer {
  return { status, headers: { "Content-Type": `application/${format}` }, body };
}

/** Reads a body, as XML when it says so and as JSON otherwise. The root element of XML is a field, as it is in JSON. */
export function readBody({ body, header }: Ask, mostBytes: number): unknown {
  if (body !== undefined && body.length > mostBytes)
    throw new Rejection(413, `Request body (${body.length} bytes) too large, max size: ${mostBytes} bytes.`);
  try {
    if (!/xml/i.test(header("content-type") ?? "")) return parseJson(body);
    const root = readXml(new TextDecoder("utf-8", { fatal: true }).decode(body ?? Buffer.alloc(0)));
    return { [root.name]: xmlValue(root) };
  } catch (error) {
    if (error instanceof DecodeError || error instanceof XmlError)
      throw new Rejection(400, `Request decode failed: ${error.message}`);
    if (error instanceof TypeError) throw new Rejection(400, "Request decode failed: the body is not UTF-8");
    throw error;
  }
}

/** A word of Eureka's that says no. */
export function refused(status: number, reason: string): Answer {
  return plainText(status, reason);
}
