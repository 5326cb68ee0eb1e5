/**
 * Writes any text as the name of an XML element, in the manner of XStream, which Eureka's Java side uses: `_` is doubled,
 * `$` becomes `_-`, and what no name may hold becomes `_.` and four hexadecimal digits. The empty text has no name.
 */
export function encodeName(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]|^[0-9.-]/g, (character) => {
    if (character === "_") return "__";
    if (character === "$") return "_-";
    return [...Array(character.length).keys()]
      .map((at) => `_.${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
      .join("");
  });
}

/** Reads such a name back. What is no escape stands for itself. */
export function decodeName(name: string): string {
  return name.replace(/__|_-|_\.([0-9a-f]{4})/gi, (escape, hex: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return escape === "__" ? "_" : "$";
  });
}
