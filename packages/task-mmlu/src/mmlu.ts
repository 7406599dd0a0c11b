import {
  definePlugin,
  type LanguageModelTask,
  type LikelihoodEvaluation,
  NotFoundError,
  type Plugin,
} from "@blora/spec";
import { type MmluOptions, type MmluSettings, mmluOptionsSchema, settingsOf } from "./options.ts";
import { protocols } from "./protocols.ts";
import { loadRequests } from "./requests.ts";
import { scoreAnswers } from "./score.ts";
import { encodeExample, loadExamples, scoreRows, TRAINING_SPLIT } from "./training.ts";

/** MMLU as a task: questions to train on, and the benchmark. */
export interface MmluComponent extends LanguageModelTask {
  readonly likelihood: LikelihoodEvaluation;
}

/**
 * MMLU (Hendrycks et al., ICLR 2021): 57 subjects of multiple choice, asked
 * in the words of lm-evaluation-harness or of the original.
 *
 * @example const fiveShot = mmlu({ shots: 5 });
 */
export const mmlu: Plugin<"task", "mmlu", MmluOptions | undefined, MmluComponent> = definePlugin({
  kind: "task",
  id: "mmlu",
  packageName: "@blora/task-mmlu",
  optionsSchema: mmluOptionsSchema,
  create: (options) => createTask(settingsOf(options)),
});

function createTask(settings: MmluSettings): MmluComponent {
  return {
    name: "mmlu",
    head: { kind: "language-model" },
    primaryMetric: "log_likelihood",
    splits: { train: TRAINING_SPLIT, evaluation: ["dev"] },
    load: async (split, folder) => loadExamples(split, requireFolder(folder), settings),
    encode: (example, tokenizer, maxLength) => encodeExample(example, tokenizer, maxLength, settings.addBos),
    score: scoreRows,
    likelihood: evaluation(settings),
  };
}

function evaluation(settings: MmluSettings): LikelihoodEvaluation {
  const { protocol: name, shots, addBos } = settings;
  const protocol = protocols[name];
  return {
    protocol: { name, version: protocol.version, shots },
    overlong: protocol.overlong,
    ...(protocol.maxTokens === undefined ? {} : { maxTokens: protocol.maxTokens }),
    ...(addBos !== undefined && { addBos }),
    requests: async (folder) => loadRequests(requireFolder(folder), { ...settings, protocol }),
    score: (answers) => scoreAnswers(answers, protocol),
  };
}

function requireFolder(folder: string | undefined): string {
  if (folder !== undefined) return folder;
  throw new NotFoundError("The task mmlu has no built-in data: name a folder of MMLU files.");
}
