import { InvalidInputError, type LikelihoodEvaluation, type LikelihoodRequest, type Tokenizer } from "@blora/spec";

/** One text the model reads, and what it says at its end. */
export interface ScoredRow {
  /** Context and continuation but for its last token. */
  readonly ids: readonly number[];
  /**
   * Continuations that differ by their last token alone, so that one reading
   * scores them all. N tokens each, predicted at the last N positions of `ids`.
   */
  readonly continuations: readonly { readonly index: number; readonly ids: readonly number[] }[];
}

/** A request as tokens. */
export interface EncodedRequest {
  readonly request: LikelihoodRequest;
  readonly rows: readonly ScoredRow[];
  /** Shots the model is shown, and tokens missing on the left, where the context was too long. */
  readonly shots: number;
  readonly cutTokens: number;
}

export interface RequestEncoderOptions {
  readonly tokenizer: Tokenizer;
  /** Longest text the model reads, in tokens. */
  readonly maxLength: number;
  /** What gives way in a longer one. */
  readonly overlong: LikelihoodEvaluation["overlong"];
  /** Put in front of every text, where the model was trained with it. */
  readonly firstId?: number | undefined;
}

/** All pieces of a request's context, as the model reads them. */
export function contextOf({ description, shots, prompt }: LikelihoodRequest): string {
  return description + shots.join("") + prompt;
}

/**
 * Requests to tokens by the rules of lm-evaluation-harness: spaces at the end
 * of a context belong to the continuation, both are tokenized together, and
 * the continuation's tokens are those after as many as the context alone has.
 *
 * @throws InvalidInputError for a continuation without tokens of its own, or one longer than the model reads
 */
export function createRequestEncoder(options: RequestEncoderOptions): (request: LikelihoodRequest) => EncodedRequest {
  const { maxLength, overlong } = options;

  const encode = (request: LikelihoodRequest): EncodedRequest => {
    const whole = rowsOf(request, options);
    const excess = Math.max(...whole.map(({ ids }) => ids.length)) - maxLength;
    if (excess > 0 && overlong === "drop-shots" && request.shots.length > 0) {
      return { ...encode({ ...request, shots: request.shots.slice(0, -1) }), request };
    }
    requireRoom(request, whole, maxLength);
    const rows = whole.map((row) => ({ ...row, ids: row.ids.slice(-maxLength) }));
    return { request, rows, shots: request.shots.length, cutTokens: Math.max(0, excess) };
  };
  return encode;
}

function rowsOf(request: LikelihoodRequest, { tokenizer, firstId }: RequestEncoderOptions): ScoredRow[] {
  const { context, tail } = splitContext(request);
  const first = firstId === undefined ? [] : [firstId];
  const contextIds = [...first, ...tokenizer.encode(context)];
  const tails = tailEncoder(request, context, contextIds, tokenizer, first);
  const rows = new Map<string, { ids: number[]; continuations: { index: number; ids: number[] }[] }>();
  for (const [index, continuation] of request.continuations.entries()) {
    const ids = tails(tail + continuation);
    if (ids.length === 0) {
      throw new InvalidInputError(
        `${request.id}: expected the continuation ${JSON.stringify(continuation)} to have tokens of its own, found none: the tokenizer joins it to the text before.`,
      );
    }
    const shared = ids.slice(0, -1);
    const row = rows.get(shared.join(" ")) ?? { ids: [...contextIds, ...shared], continuations: [] };
    row.continuations.push({ index, ids });
    rows.set(shared.join(" "), row);
  }
  return [...rows.values()];
}

/** Spaces at the end of the context go with the continuation. */
function splitContext(request: LikelihoodRequest): { context: string; tail: string } {
  const text = contextOf(request);
  const context = text.trimEnd();
  return { context, tail: text.slice(context.length) };
}

/**
 * Tokens of a continuation in its context. Where the context's tokens end with
 * those of the prompt alone, what precedes the prompt has no part in how its
 * end is tokenized, and the long text need not be read once more for each
 * continuation.
 */
function tailEncoder(
  { prompt }: LikelihoodRequest,
  context: string,
  contextIds: readonly number[],
  tokenizer: Tokenizer,
  first: readonly number[],
): (text: string) => number[] {
  const end = prompt.trimEnd();
  const endIds = tokenizer.encode(end);
  const isIndependent =
    endIds.length > 0 && endIds.every((id, index) => id === contextIds[contextIds.length - endIds.length + index]);
  if (isIndependent) return (text) => tokenizer.encode(end + text).slice(endIds.length);
  return (text) => [...first, ...tokenizer.encode(context + text)].slice(contextIds.length);
}

function requireRoom({ id }: LikelihoodRequest, rows: readonly ScoredRow[], maxLength: number): void {
  const longest = Math.max(...rows.map(({ continuations }) => continuations[0]!.ids.length));
  if (longest <= maxLength) return;
  throw new InvalidInputError(
    `${id}: expected continuations of at most ${maxLength} tokens, the longest text of the model, found one of ${longest}.`,
  );
}
