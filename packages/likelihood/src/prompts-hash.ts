import type { LikelihoodRequest } from "@blora/spec";
import { sha256 } from "@blora/weights";

/** All pieces of a request's context, as the model reads them. */
export function contextOf({ description, shots, prompt }: LikelihoodRequest): string {
  return description + shots.join("") + prompt;
}

/**
 * SHA-256 of everything asked, in order: of each request the context, NUL, and
 * each continuation followed by NUL, in UTF-8. Two scores with the same hash
 * were asked the same questions in the same words.
 */
export function promptsHash(requests: readonly LikelihoodRequest[]): string {
  const texts = requests.flatMap((request) => [contextOf(request), ...request.continuations]);
  return sha256(texts.map((text) => `${text}\0`));
}
