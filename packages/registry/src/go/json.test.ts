import { expect, test } from "vitest";

import { DecodeError } from "./decode-error.ts";
import { parseJson } from "./json.ts";

test.each([
  ["", "EOF"],
  ["  \n", "EOF"],
  ['{"a":', "unexpected EOF"],
  ['{"Name":"bad"', "unexpected EOF"],
  ["[1,]", "invalid character ']' looking for beginning of value"],
])("%j is refused with %s", (body, message) => {
  expect(() => parseJson(Buffer.from(body))).toThrow(new DecodeError(message));
});

test("a body without a content type is JSON all the same", () => {
  expect(parseJson(Buffer.from('{"a":[1,"é"]}'))).toEqual({ a: [1, "é"] });
});
