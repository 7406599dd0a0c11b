import { builtinModelFolder } from "@blora/builtin";
import { onnx } from "@blora/engine-onnx";
import { loadModel } from "@blora/inference";
import { debertaV2 } from "@blora/model-deberta-v2";
import { loadTokenizer } from "@blora/tokenizer";

/** Asks several adapters about the same sentences. The base model is opened once and shared by all of them. */
export async function askAdapters(adapters: readonly string[], sentences: readonly string[]): Promise<string[]> {
  const engine = onnx();
  const model = await loadModel({
    model: builtinModelFolder(), // or a folder, or a Hub id such as "microsoft/deberta-v3-base"
    architecture: debertaV2(),
    engine,
    tokenizer: loadTokenizer,
  });
  const lines: string[] = [];
  for (const adapter of adapters) {
    const classifier = await model.loadAdapter(adapter);
    const answers = await classifier.classify(sentences);
    answers.forEach(({ label, score }, index) => {
      lines.push(`${sentences[index]}  ${label} (${(100 * score).toFixed(1)} %)`);
    });
  }
  await model.release();
  await engine.release();
  return lines;
}
