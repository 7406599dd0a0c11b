import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sha256, sha256OfFile } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Of "abc": FIPS 180-2, appendix B.1. */
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

test("is that of the standard, however the bytes come", async () => {
  expect(sha256("abc")).toBe(ABC);
  expect(sha256(Uint8Array.of(0x61, 0x62, 0x63))).toBe(ABC);
  expect(sha256(new Set(["a", Uint8Array.of(0x62), "c"]))).toBe(ABC);
  expect(sha256(Float32Array.of(1))).toBe(sha256(Uint8Array.of(0, 0, 128, 63)));
  const file = join(temporaryFolder(), "abc");
  writeFileSync(file, "abc");
  expect(await sha256OfFile(file)).toBe(ABC);
});
