import { XmlError } from "./xml-error.ts";

const entities: Readonly<Record<string, string>> = Object.freeze({ lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" });
const written: Readonly<Record<string, string>> = Object.freeze({
  "<": "&lt;",
  ">": "&gt;",
  "&": "&amp;",
  '"': "&quot;",
  "'": "&apos;",
  "\r": "&#xd;",
});

/** Undoes the escapes of XML. @throws XmlError for an entity that XML itself does not have. */
export function decodeText(raw: string): string {
  if (!raw.includes("&")) return raw.includes("\r") ? raw.replace(/\r\n?/g, "\n") : raw;
  return raw.replace(/\r\n?/g, "\n").replace(/&([^;&\s]{0,16};)?/g, (whole, reference: string | undefined) => {
    const name = reference?.slice(0, -1) ?? "";
    const known = Object.hasOwn(entities, name) ? entities[name] : characterOf(name);
    if (known === undefined) throw new XmlError(`invalid XML: ${JSON.stringify(whole)} is no entity of ours`);
    return known;
  });
}

/** A text that may stand in XML. Characters that XML cannot hold at all become U+FFFD. */
export function encodeText(text: string): string {
  // Most texts need nothing of it, and a list has hundreds of thousands.
  if (/^[\w ./:$+-]*$/.test(text)) return text;
  return text
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\uFFFD")
    .replace(/[<>&"'\r]/g, (character) => written[character] as string);
}

function characterOf(name: string): string | undefined {
  const digits = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name);
  if (digits === null) return undefined;
  const [, hex, decimal] = digits;
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  const isCharacter = code === 9 || code === 10 || code === 13 || (code >= 0x20 && code <= 0x10_ffff);
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return isCharacter && !isSurrogate ? String.fromCodePoint(code) : undefined;
}
