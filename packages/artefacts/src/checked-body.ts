import { createHash } from "node:crypto";
import { InvalidInputError } from "@blora/spec";

/** The bytes as they come; where they end and are not those of the digest, an error instead of the end. */
export async function* checkedBody(
  body: AsyncIterable<Uint8Array>,
  sha256: string,
  place: string,
): AsyncGenerator<Uint8Array, void> {
  const hash = createHash("sha256");
  for await (const chunk of body) {
    hash.update(chunk);
    yield chunk;
  }
  const found = hash.digest("hex");
  if (found === sha256) return;
  throw new InvalidInputError(`${place}: expected content with the SHA-256 ${sha256}, found ${found}.`);
}
