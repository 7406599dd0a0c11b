import { createHash } from "node:crypto";
import type { LikelihoodRequest } from "@blora/spec";

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
  const hash = createHash("sha256");
  for (const request of requests) {
    for (const text of [contextOf(request), ...request.continuations]) hash.update(`${text}\0`);
  }
  return hash.digest("hex");
}
