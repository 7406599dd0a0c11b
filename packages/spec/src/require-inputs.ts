import type { Head } from "./architecture.ts";
import { InvalidInputError } from "./errors.ts";

/** @throws InvalidInputError naming the architecture, the heads it has and the one that was asked for */
export function requireHead<Kind extends Head["kind"]>(
  architecture: string,
  head: Head,
  ...kinds: readonly Kind[]
): asserts head is Extract<Head, { readonly kind: Kind }> {
  if ((kinds as readonly string[]).includes(head.kind)) return;
  const all = kinds.join(", ").replace(/, (?=[^,]*$)/, " or ");
  throw new InvalidInputError(`${architecture}: expected a ${all} head, found ${head.kind}`);
}

/** @throws InvalidInputError for a batch of more tokens than the network has positions */
export function requireLength(architecture: string, tokens: number, maxPositions: number): void {
  if (tokens <= maxPositions) return;
  throw new InvalidInputError(
    `${architecture}: expected at most ${maxPositions} tokens (max_position_embeddings or sliding_window), found ${tokens}`,
  );
}

/** @throws InvalidInputError where a head that predicts tokens is not told at which positions */
export function requirePositions<Positions>(
  architecture: string,
  head: Head,
  { positions }: { readonly positions?: Positions },
): Positions {
  if (positions !== undefined) return positions;
  throw new InvalidInputError(`${architecture}: a ${head.kind} head needs batch.positions, found none`);
}
