/** Says what is wrong with a piece of XML. */
export class XmlError extends Error {
  override readonly name = "XmlError";
}
