/** Writes `results/smollm2.md` from the measurements beside it: npx tsx benchmarks/smollm2/table.ts */
import { writeFileSync } from "node:fs";
import type { Machine } from "@blora/runs";
import { markdownTable } from "@blora/spec";
import type { GreedyResult } from "./greedy.ts";
import type { InstructResult } from "./instruct.ts";
import type { LatencyResult } from "./latency.ts";
import type { MmluResult } from "./mmlu.ts";
import { PROMPTS } from "./prompts.ts";
import { recordsOf } from "./records.ts";

type Measured<Result> = Result & Machine & { readonly key: string };

const greedy = recordsOf<GreedyResult>("greedy") as Measured<GreedyResult>[];
const mmlu = recordsOf<MmluResult>("mmlu") as Measured<MmluResult>[];
const instruct = recordsOf<InstructResult>("instruct") as Measured<InstructResult>[];

const latency = recordsOf<LatencyResult>("latency") as Measured<LatencyResult>[];

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const unique = (values: readonly (string | undefined)[]): string => [...new Set(values)].join(", ");

function greedyText(): string {
  const same = greedy.filter(({ sameText, partsAt }) => sameText && partsAt === undefined);
  const parted = greedy.filter((record) => !same.includes(record));
  const closest = Math.min(...greedy.map(({ smallestMargin }) => smallestMargin));
  const lines = [
    `Of ${PROMPTS.length} prompts ${greedy.length} were measured: ${same.length} give the same ${greedy[0]?.tokens} tokens and the same text.`,
    `The closest race between the two likeliest tokens was won by ${closest.toPrecision(2)} of a logit.`,
    ...parted.map(
      ({ key, partsAt, marginThere }) => `Prompt ${key} parts at token ${partsAt}, which led by ${marginThere}.`,
    ),
  ];
  return lines.join(" ");
}

function mmluTable(): string {
  const shots = [...new Set(mmlu.map((record) => record.shots))].sort((a, b) => a - b);
  const row = (label: string, records: readonly MmluResult[], count: number): string[] => [
    label,
    String(count),
    String(sum(records.map(({ questions }) => questions))),
    ...(["ours", "theirs"] as const).map((side) => String(sum(records.map(({ correct }) => correct[side])))),
    String(sum(records.map(({ sameAnswers }) => sameAnswers))),
    Math.max(...records.map(({ largestDifference }) => largestDifference)).toExponential(1),
  ];
  const rows = shots.flatMap((count) => {
    const records = mmlu.filter((record) => record.shots === count);
    return [...records.map((record) => row(record.subject, [record], count)), row("**all**", records, count)];
  });
  return markdownTable(
    [
      "subject",
      "shots",
      "questions",
      "right: ours",
      "right: theirs",
      "same answer",
      "largest difference of log-probabilities",
    ],
    rows,
  );
}

function instructTable(): string {
  const rows = instruct.map(({ key, steps, trainingLoss, perplexity, share }) => [
    key,
    String(steps),
    ...[trainingLoss.first, trainingLoss.last].map((loss) => loss.toFixed(4)),
    perplexity.before?.toFixed(4) ?? "",
    perplexity.after.toFixed(4),
    share === undefined ? "" : `${(100 * share).toFixed(2)} %`,
  ]);
  return markdownTable(
    [
      "method",
      "updates",
      "loss, first update",
      "loss, last ten",
      "perplexity before",
      "perplexity after",
      "bit operations",
    ],
    rows,
  );
}

function latencyText({ cpu, date, commit, threads, tokens, rounds, versions, milliseconds }: Measured<LatencyResult>) {
  const rows = Object.entries(milliseconds).flatMap(([type, sides]) =>
    Object.entries(sides).map(([side, { first, token }]) => [side, type, first.toFixed(0), token.toFixed(1)]),
  );
  const about = `${cpu}, ${threads} threads, ${date}, commit ${commit}: a prompt of ${tokens.prompt} tokens and ${tokens.text} after it, medians of ${rounds} rounds in turn, PyTorch ${versions.torch}, transformers ${versions.transformers}.`;
  return `${about}\n\n${markdownTable(["by, computed in", "file", "prompt and first token, ms", "each token after it, ms"], rows)}`;
}

const all = [...greedy, ...mmlu, ...instruct];
const [rows] = instruct.map((record) => record.rows);
const held =
  rows === undefined ? "" : ` ${rows.train} rows are learned from and ${rows.held} held out, drawn by two seeds.`;
const text = `# SmolLM2-135M-Instruct against PyTorch

The weights of \`npm run bench:models\`, 4-bit blocks written out in float32, the same file for both sides. Only the time of a token
was measured on a quiet machine. The rest was measured on ${unique(all.map(({ date }) => date))} (${unique(all.map(({ cpu }) => cpu))}, Node ${unique(all.map(({ node }) => node))}, commits ${unique(all.map(({ commit }) => commit))}).

## Greedy text

${greedyText()} transformers reads the same ids with its own tokenizer and chat template.

## MMLU

The first questions of every sixth subject, by us and by lm-evaluation-harness. A model of this size answers near chance; what is
compared is whether both say the same. The folder must name \`PreTrainedTokenizerFast\`: where it names \`GPT2Tokenizer\`, transformers 5
splits digits and signs such as ½ in another way than the file's own pre-tokenizer (6 of 3,420 questions), and the log-probabilities
of such questions differ by up to 0.09.

${mmluTable()}

## Instruction rows

LoRA of rank 8 on all seven maps of each layer, by us and by PEFT on the same rows, batches and starting values, and B-LoRA at 1/32
of the bit operations.${held}

${instructTable()}

## Time of a token

${latency.map(latencyText).join("\n\n")}
`;
writeFileSync(new URL("../results/smollm2.md", import.meta.url), text);
