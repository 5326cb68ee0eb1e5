import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { readXml } from "./read-xml.ts";
import { decodeName, encodeName } from "./xml-names.ts";
import { decodeText, encodeText } from "./xml-text.ts";
import { XmlError } from "./xml-error.ts";

describe("XML that is read", () => {
  test("has elements, attributes in either quotes, text, CDATA, comments and the five entities", () => {
    const source = `\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<!-- a -->
      <a x='1' y="&lt;&#x41;&#66;"><!-- b --><b>t&amp;<![CDATA[<raw>&]]></b><c/><c ></c ></a>\n<!-- d -->`;

    expect(readXml(source)).toEqual({
      name: "a",
      attributes: { x: "1", y: "<AB" },
      text: "",
      children: [
        { name: "b", attributes: {}, text: "t&<raw>&", children: [] },
        { name: "c", attributes: {}, text: "", children: [] },
        { name: "c", attributes: {}, text: "", children: [] },
      ],
    });
  });

  test.each([
    ["nothing", ""],
    ["no element", "text"],
    ["a document type", "<!DOCTYPE a><a/>"],
    ["entities of its own", '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>'],
    ["a file of ours", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
    ["a document type inside", "<a><!DOCTYPE b></a>"],
    ["an unknown entity", "<a>&nbsp;</a>"],
    ["a bare ampersand", "<a>a & b</a>"],
    ["a forbidden character", "<a>&#0;</a>"],
    ["half a surrogate pair", "<a>&#xD800;</a>"],
    ["a character beyond all", "<a>&#x110000;</a>"],
    ["a processing instruction", "<a><?php x?></a>"],
    ["two roots", "<a/><b/>"],
    ["another end", "<a></b>"],
    ["a longer end", "<a></ab>"],
    ["no end", "<a><b></b>"],
    ["an attribute twice", '<a b="1" b="2"/>'],
    ["an attribute without quotes", "<a b=1/>"],
    ["attributes that touch", '<a b="1"c="2"/>'],
    ["an element in an attribute", '<a b="<c/>"/>'],
    ["a name that begins with a digit", "<1/>"],
    ["an endless comment", "<a><!-- </a>"],
    ["thirteen levels", `${"<a>".repeat(13)}${"</a>".repeat(13)}`],
    ["a million levels", "<a>".repeat(1_000_000)],
    ["a thousand attributes", `<a ${Array.from({ length: 1_000 }, (_each, at) => `b${at}="1"`).join(" ")}/>`],
  ])("is never %s", (_what, source) => {
    expect(() => readXml(source)).toThrow(XmlError);
  });

  test("is read in a time that grows with its length and no faster", () => {
    const started = performance.now();

    for (const piece of ["&", "<", "<!--", "<![CDATA[", "<a ", "<a b='", " ", "&#", "&amp"])
      expect(() => readXml(`<a>${piece.repeat(200_000)}`)).toThrow(XmlError);

    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test("of whatever kind is read or refused, and never breaks anything else", () => {
    const pieces = fc.constantFrom(
      "<",
      ">",
      "/",
      "a",
      "b='1'",
      "&amp;",
      "&",
      "<!--",
      "-->",
      "<![CDATA[",
      "]]>",
      "<?xml",
      "?>",
      " ",
    );
    const anything = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(pieces).map((parts) => parts.join("")),
    );

    fc.assert(
      fc.property(anything, (source) => {
        try {
          readXml(source);
        } catch (error) {
          expect(error).toBeInstanceOf(XmlError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("names and texts in XML", () => {
  test.each([
    ["a_b", "a__b"],
    ["$x", "_-x"],
    ["management.port", "management.port"],
    ["1st", "_.0031st"],
    ["a b", "a_.0020b"],
    ["ключ", "_.043a_.043b_.044e_.0447"],
  ])("the name %j is written as %j", (name, written) => {
    expect(encodeName(name)).toBe(written);
  });

  test("any name comes back as it was, and is a name to XML", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (name) => {
        const written = encodeName(name);
        expect(decodeName(written)).toBe(name);
        expect(readXml(`<${written}/>`).name).toBe(written);
      }),
      { numRuns: 1_000 },
    );
  });

  test("any text that XML can hold comes back as it was; what it cannot hold is shown as lost", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const readable = text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\uFFFD");
        expect(decodeText(encodeText(text))).toBe(readable);
        expect(readXml(`<a>${encodeText(text)}</a>`).text).toBe(readable);
      }),
      { numRuns: 1_000 },
    );
  });
});
