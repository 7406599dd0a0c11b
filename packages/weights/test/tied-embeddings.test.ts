import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openCheckpoint, writeTensors } from "../src/index.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";

const folder = useTemporaryFolder();

/** A folder whose `config.json` says that both matrices are one. */
function openTied(output: readonly number[], changes: Record<string, unknown> = {}) {
  writeFileSync(folder.at("config.json"), JSON.stringify({ tie_word_embeddings: true, ...changes }));
  const embedding = { shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) };
  writeTensors(folder.at("model.safetensors"), {
    "model.embed_tokens.weight": embedding,
    ...(output.length > 0 && { "lm_head.weight": { shape: [2, 2], values: Float32Array.from(output) } }),
  });
  return openCheckpoint(folder.path);
}

test("an output matrix of its own is not the embedding, whatever config.json says", () => {
  expect(openTied([1, 2, 3, 5]).config).toEqual({ tie_word_embeddings: false });
  expect(openTied([1, 2, 3, 4]).config).toEqual({ tie_word_embeddings: true });
  expect(openTied([]).config).toEqual({ tie_word_embeddings: true });
  expect(openTied([1, 2, 3, 5], { tie_word_embeddings: false }).config).toEqual({ tie_word_embeddings: false });
});
