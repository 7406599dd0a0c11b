import fc from "fast-check";
import { expect, test } from "vitest";
import { createTextStream } from "../src/index.ts";

/** One token a byte; like SentencePiece, a space at the beginning of what is decoded is dropped. */
const bytes = {
  decode: (ids: readonly number[]) => new TextDecoder().decode(Uint8Array.from(ids)).replace(/^ /, ""),
};

function stream(prompt: string, text: string): string[] {
  const out = createTextStream(bytes, [...Buffer.from(prompt)]);
  return [...[...Buffer.from(text)].map((id) => out.push(id)), out.end()];
}

test("a character of several tokens comes once, whole, with its last token", () => {
  expect(stream("a", "é€x")).toEqual(["", "é", "", "", "€", "x", ""]);
});

test("a space after the prompt and between tokens is kept", () => {
  expect(stream("one", " two").join("")).toBe(" two");
});

test("what ends inside a character ends with a replacement character, not before", () => {
  const out = createTextStream(bytes, [97]);
  expect([0xe2, 0x82].map((id) => out.push(id))).toEqual(["", ""]);
  expect(out.end()).toBe("\ufffd");
  expect(out.end()).toBe("");
});

test("a character the prompt's tokens begin is told whole, and nothing of the prompt again", () => {
  const euro = [...Buffer.from("€")];
  const out = createTextStream(bytes, [97, ...euro.slice(0, 2)]);
  expect([out.push(euro[2]!), out.push(120), out.end()]).toEqual(["€", "x", ""]);
});

test("pieces put together are the text, and none holds half a character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), fc.string({ unit: "grapheme" }), (prompt, text) => {
      fc.pre(!text.includes("\ufffd") && !text.includes("\ufeff") && !prompt.startsWith(" "));
      const pieces = stream(prompt, text);
      expect(pieces.join("")).toBe(text);
      for (const piece of pieces) expect(piece).not.toContain("\ufffd");
    }),
  );
});
