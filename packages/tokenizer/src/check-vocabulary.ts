import { InvalidInputError, type Tokenizer } from "@blora/spec";

/**
 * Refuses a tokenizer whose ids do not fit a model's embedding of
 * `embeddingRows` rows. More rows than ids is normal: DeBERTaV3 has 128,100
 * rows for 128,001 ids.
 */
export function checkVocabulary(tokenizer: Pick<Tokenizer, "vocabularySize">, embeddingRows: number): void {
  if (tokenizer.vocabularySize <= embeddingRows) return;
  throw new InvalidInputError(
    `The tokenizer has ids up to ${tokenizer.vocabularySize - 1}, but the model embeds only ${embeddingRows}: ` +
      "the tokenizer belongs to another model",
  );
}
