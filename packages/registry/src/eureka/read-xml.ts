import { XmlError } from "./xml-error.ts";
import { decodeText } from "./xml-text.ts";

/** An element as it was read. Text between child elements is dropped: no vocabulary of ours has any. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const deepest = 12;
const mostAttributes = 16;
const nameAt = /[\p{L}_:][\p{L}\p{N}_:.-]*/uy;
const blanksAt = /[ \t\r\n]*/y;

/**
 * Reads a small, closed part of XML: elements, attributes, text, CDATA sections and comments. There is nothing here to
 * attack: no document type, no entities but the five that XML has, no processing instructions, no deep nesting.
 *
 * @throws XmlError
 */
export function readXml(source: string): XmlElement {
  let at = source.startsWith("\uFEFF") ? 1 : 0;
  if (source.startsWith("<?xml", at)) at = after("?>", at);
  skipMisc();
  if (source[at] !== "<") throw wrong("expected an element");
  const root = element(1);
  skipMisc();
  if (at < source.length) throw wrong("nothing may follow the root element");
  return root;

  function element(depth: number): XmlElement {
    if (depth > deepest) throw wrong(`elements are nested more than ${deepest} deep`);
    at += 1;
    const name = readName();
    const attributes = readAttributes();
    if (source.startsWith("/>", at)) {
      at += 2;
      return { name, attributes, children: [], text: "" };
    }
    expect(">");
    const { children, text } = content(depth);
    expect(`</${name}`);
    skipBlanks();
    expect(">");
    return { name, attributes, children, text };
  }

  /** What stands between a start tag and its end tag. */
  function content(depth: number): Pick<XmlElement, "children" | "text"> {
    const children: XmlElement[] = [];
    let text = "";
    for (;;) {
      const next = source.indexOf("<", at);
      if (next === -1) throw wrong("the document ends in the middle of an element");
      text += decodeText(source.slice(at, next));
      at = next;
      if (source.startsWith("</", at)) return { children, text: children.length === 0 ? text : "" };
      if (source.startsWith("<!--", at)) at = after("-->", at + 4);
      else if (source.startsWith("<![CDATA[", at)) {
        const end = after("]]>", at);
        text += source.slice(at + 9, end - 3);
        at = end;
      } else children.push(element(depth + 1));
    }
  }

  function readAttributes(): Record<string, string> {
    const found = new Map<string, string>();
    for (;;) {
      const before = at;
      skipBlanks();
      if (source[at] === ">" || source[at] === "/") return Object.fromEntries(found);
      if (at === before) throw wrong("expected a blank, / or >");
      const name = readName();
      skipBlanks();
      expect("=");
      skipBlanks();
      const quote = source[at];
      if (quote !== '"' && quote !== "'") throw wrong("expected a quoted value");
      const end = after(quote, at + 1);
      const raw = source.slice(at + 1, end - 1);
      if (raw.includes("<")) throw wrong("a value must not hold <");
      if (found.has(name)) throw wrong(`${name} is given twice`);
      if (found.size === mostAttributes) throw wrong("there are too many attributes");
      found.set(name, decodeText(raw));
      at = end;
    }
  }

  function readName(): string {
    nameAt.lastIndex = at;
    const name = nameAt.exec(source)?.[0];
    if (name === undefined) throw wrong("expected a name; document types and processing instructions are refused");
    at += name.length;
    return name;
  }

  /** Blanks and comments, before and after the root element. */
  function skipMisc(): void {
    skipBlanks();
    while (source.startsWith("<!--", at)) {
      at = after("-->", at + 4);
      skipBlanks();
    }
  }

  function skipBlanks(): void {
    blanksAt.lastIndex = at;
    at += blanksAt.exec(source)?.[0].length ?? 0;
  }

  function expect(text: string): void {
    if (!source.startsWith(text, at)) throw wrong(`expected ${text}`);
    at += text.length;
  }

  /** The place behind the next `text`. */
  function after(text: string, from: number): number {
    const found = source.indexOf(text, from);
    if (found === -1) throw wrong(`${text} is missing`);
    return found + text.length;
  }

  function wrong(message: string): XmlError {
    return new XmlError(`invalid XML at character ${at}: ${message}`);
  }
}
