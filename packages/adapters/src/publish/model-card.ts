import { CLASS_ENDINGS, type Head, markdownTable, roundsMore } from "@blora/spec";
import type { AdapterDescription } from "../description.ts";
import type { MergeError } from "../merge/merge-record.ts";

export interface PublishOptions {
  /** Hub id of the base model; absent where it is not on the Hub. */
  readonly baseModel?: string | undefined;
  /** Name the adapter is published as, such as `org/name`. */
  readonly name: string;
  /** Identifier of the adapter's license, as SPDX or the Hub has it; the card has it in small letters, as the Hub asks. */
  readonly license?: string | undefined;
  /** What was measured when it was merged, for the card. */
  readonly merge?: MergeError | undefined;
}

/** Tells a card that was made from one that somebody wrote, or made his own by removing this line. */
export const CARD_MARK =
  "<!-- Made by blora. Remove this line to keep the card as it is when the adapter is published again. -->";

/** The card of an adapter: metadata the Hub checks, results, cost, ranks and bits, and how to load it. */
export function modelCard(description: AdapterDescription, options: PublishOptions): string {
  return `---\n${yaml(metadata(description, options))}---\n\n${CARD_MARK}\n\n${body(description, options)}`;
}

type Yaml = string | number | readonly Yaml[] | { readonly [key: string]: Yaml | undefined };

/** Block style; every string is quoted as JSON, which YAML reads. */
function yaml(value: Yaml, indent = ""): string {
  if (typeof value !== "object") return `${indent}${JSON.stringify(value)}\n`;
  if (Array.isArray(value)) {
    return value.map((item: Yaml) => `${indent}- ${yaml(item, `${indent}  `).trimStart()}`).join("");
  }
  return Object.entries(value as Readonly<Record<string, Yaml | undefined>>)
    .filter((entry): entry is [string, Yaml] => entry[1] !== undefined)
    .map(([key, item]) =>
      typeof item === "object"
        ? `${indent}${key}:\n${yaml(item, `${indent}  `)}`
        : `${indent}${key}: ${JSON.stringify(item)}\n`,
    )
    .join("");
}

function pipelineTag({ head }: AdapterDescription): string {
  if (head.kind === "language-model") return "text-generation";
  if (head.kind === "token-classification") return head.kind;
  return head.kind === "masked-language-model" ? "fill-mask" : "text-classification";
}

function metadata(description: AdapterDescription, { baseModel, name, license }: PublishOptions): Yaml {
  const { dataset, results, task } = description;
  const scores = Object.entries(results?.scores ?? {});
  const data = {
    name: dataset?.config === undefined ? task : `${dataset.id} (${dataset.config})`,
    type: dataset?.id ?? task,
    config: dataset?.config,
    split: results?.split,
  };
  return {
    library_name: "peft",
    base_model: baseModel,
    base_model_relation: baseModel === undefined ? undefined : "adapter",
    license: license?.toLowerCase(),
    pipeline_tag: pipelineTag(description),
    tags: tagsOf(description),
    datasets: dataset === undefined ? undefined : [dataset.id],
    "model-index":
      scores.length === 0
        ? undefined
        : [
            {
              name,
              results: [
                {
                  task: { type: pipelineTag(description), name: task },
                  dataset: data,
                  metrics: scores.map(([metric, value]) => ({
                    type: metric,
                    name: `${metric} (seed ${results!.seed})`,
                    value,
                  })),
                },
              ],
            },
          ],
  };
}

/** What the adapter is, by what it holds: widths below 32 bit make it a quantized one. */
function tagsOf({ method, bits }: AdapterDescription): string[] {
  const isRounded = Object.values(bits).some((site) => [site.A, site.B].flat().some((width) => (width ?? 32) < 32));
  return ["lora", ...(isBlora(method) ? ["b-lora", "bayesian-lora"] : []), ...(isRounded ? ["quantized-adapter"] : [])];
}

function isBlora({ $plugin }: AdapterDescription["method"]): boolean {
  return $plugin === "method/blora";
}

function trainingOf({ method }: AdapterDescription): string {
  return isBlora(method)
    ? "with ranks and bit widths chosen within a budget\n(B-LoRA, arXiv 2406.13046)"
    : `by the method ${inText(String(method.$plugin).replace(/^method\//, ""))}`;
}

/** Text of others in Markdown: nothing in it is markup. */
function inText(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>&#|~]/g, "\\$&");
}

/** Code within a line, fenced by more backticks than it holds in a row. */
function inCode(text: string): string {
  const line = text.replace(/\s+/g, " ");
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  const gap = longest > 0 ? " " : "";
  return `${fence}${gap}${line}${gap}${fence}`;
}

function body(description: AdapterDescription, options: PublishOptions): string {
  const { baseModel, baseRevision, task, bops, ranks } = description;
  const revision = baseRevision === undefined ? "" : `, revision ${inCode(baseRevision)}`;
  const widths = matrixNames(description);
  const sites = Object.keys(ranks).map((path) => [
    inCode(path),
    ranks[path]!,
    ...widths.map((matrix) => widthText(description.bits[path]?.[matrix])),
  ]);
  return `# ${inText(options.name)}

A low-rank adapter of ${options.baseModel === undefined ? inText(baseModel) : inCode(baseModel)}${revision}, trained on ${inText(task)} ${trainingOf(description)}.

${resultsTable(description)}
## Cost

${markdownTable(
  ["scope", "multiply-accumulates a token", bops.unit, "LoRA in 32 bit", "share"],
  [[bops.scope, bops.macs, bops.bitOperations, bops.baseline, `${(100 * bops.ratio).toFixed(2)} %`]],
)}

## Ranks and bits

${componentCounts(description)}${markdownTable(["matrix", "rank", ...widths], sites)}

## Load it

In Python, as a plain LoRA adapter:

\`\`\`python
${pythonExample(description, options)}
\`\`\`

In TypeScript, at its learned widths:

\`\`\`ts
import { readAdapter } from "@blora/adapters";

const { weights, description } = await readAdapter("folder of this repository");
\`\`\`

transformers.js reads whole models: merge the adapter first, \`blora merge --adapter <folder> --out <folder>\`, and export
it to ONNX.
${mergeText(options)}${templateText(description)}`;
}

function mergeText({ merge }: PublishOptions): string {
  if (merge === undefined) return "";
  const { texts, largestDifference, largestLogit } = merge;
  return `
Merged into its base model, it gives logits that differ by at most ${largestDifference.toExponential(1)} from those of the two
apart (${texts} texts, largest logit ${largestLogit.toFixed(2)}).
`;
}

function templateText({ chatTemplateSha256 }: AdapterDescription): string {
  if (chatTemplateSha256 === undefined) return "";
  return `
The tokenizer it was trained with has the chat template of SHA-256
\`${chatTemplateSha256}\`.
`;
}

/** One width, or one for each component, the strongest first. */
function widthText(bits: number | readonly number[] | undefined): string | number {
  if (bits === undefined || typeof bits === "number") return bits ?? "-";
  return bits.length === 0 ? "-" : bits.join(" ");
}

/** How many components all sites have of each width, where these differ within a site. */
function componentCounts({ bits, ranks }: AdapterDescription): string {
  const sites = Object.entries(ranks);
  if (!sites.some(([path]) => typeof bits[path]?.A === "object")) return "";
  const counts = new Map<number, number>();
  for (const [path, rank] of sites) {
    const own = bits[path]?.A ?? [];
    const widths = typeof own === "number" ? Array<number>(rank).fill(own) : own;
    for (const width of widths) counts.set(width, (counts.get(width) ?? 0) + 1);
  }
  const ofWidths = [...counts].sort(([a], [b]) => b - a).map(([width, count]) => `${count} of ${width} bits`);
  const open = sites.filter(([, rank]) => rank > 0).length;
  return `${open} of ${sites.length} matrices have an update. Components: ${ofWidths.join(", ")}.\n\n`;
}

function pythonExample({ head, baseRevision }: AdapterDescription, { name, baseModel }: PublishOptions): string {
  const factory = `AutoModel${CLASS_ENDINGS[head.kind]}`;
  const revision = baseRevision === undefined ? "" : `, revision="${baseRevision}"`;
  return [
    "from peft import PeftModel",
    `from transformers import ${factory}`,
    "",
    `base = ${factory}.from_pretrained(${JSON.stringify(baseModel ?? "folder of the base model")}${revision}${labelArguments(head)})`,
    `model = PeftModel.from_pretrained(base, ${JSON.stringify(name)})`,
  ].join("\n");
}

/** Pipelines of tokens group them by the names of the tags, so that these are given. */
function labelArguments(head: Head): string {
  if (head.kind === "regression") return ", num_labels=1";
  if (!("labels" in head)) return "";
  if (head.kind === "classification") return `, num_labels=${head.labels.length}`;
  return `, id2label={${head.labels.map((label, index) => `${index}: ${JSON.stringify(label)}`).join(", ")}}`;
}

const FORMS_DIFFER = `These are scores of the trained form, whose evaluation also rounds weights or activations of the network. The
PEFT files hold its plain update, which leaves the network as it is: they score otherwise.

`;

function resultsTable({ results, bops }: AdapterDescription): string {
  if (results === undefined) return "";
  const { split, rows, scores, seed, steps, precision } = results;
  const lines = Object.entries(scores).map(([metric, value]) => [metric, value.toFixed(4), split, rows, seed, steps]);
  const table = markdownTable(["metric", "value", "split", "rows", "seed", "updates"], lines);
  const computed = precision === undefined ? "" : `Computed in ${precision}.\n\n`;
  return `## Results\n\n${table}\n${computed}${roundsMore(bops) ? FORMS_DIFFER : ""}`;
}

/** Operands whose widths any site has, in the order of the first that has them. */
function matrixNames({ bits }: AdapterDescription): string[] {
  return [...new Set(Object.values(bits).flatMap((site) => Object.keys(site)))];
}
