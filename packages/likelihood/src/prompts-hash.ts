import { sha256 } from "@blora/files";
import type { LikelihoodRequest } from "@blora/spec";
import { contextOf, type EncodedRequest } from "./encode-request.ts";

/**
 * SHA-256 of everything asked, in order: of each request the context, NUL, and
 * each continuation followed by NUL, in UTF-8. Two scores with the same hash
 * were asked the same questions in the same words.
 */
export function promptsHash(requests: readonly LikelihoodRequest[]): string {
  const texts = requests.flatMap((request) => [contextOf(request), ...request.continuations]);
  return sha256(texts.map((text) => `${text}\0`));
}

/** SHA-256 of every id the model reads and is asked for, in order: another tokenizer asks other questions. */
export function tokensHash(
  requests: readonly LikelihoodRequest[],
  encode: (request: LikelihoodRequest) => EncodedRequest,
): string {
  return sha256(linesOf(requests, encode));
}

function* linesOf(
  requests: readonly LikelihoodRequest[],
  encode: (request: LikelihoodRequest) => EncodedRequest,
): Generator<string> {
  for (const request of requests) {
    for (const { ids, continuations } of encode(request).rows) {
      yield `${ids.join(" ")}|${continuations.map(({ ids }) => ids.join(" ")).join("|")}\n`;
    }
  }
}
