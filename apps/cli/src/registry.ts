import { bops } from "@blora/bops";
import { builtinTask } from "@blora/builtin";
import { createRegistry, type Registry } from "@blora/core";
import { onnx } from "@blora/engine-onnx";
import { tfjs } from "@blora/engine-tfjs";
import { binaryConcrete, hardConcrete } from "@blora/gates";
import { localJobs } from "@blora/jobs-local";
import { adalora, blora, full, head, lora } from "@blora/lora";
import { bert } from "@blora/model-bert";
import { debertaV2 } from "@blora/model-deberta-v2";
import { llama } from "@blora/model-llama";
import { modernBert } from "@blora/model-modernbert";
import { phi } from "@blora/model-phi";
import { qwen2 } from "@blora/model-qwen2";
import { roberta } from "@blora/model-roberta";
import { bayesianBits, uniform } from "@blora/quantizers";
import { classify } from "@blora/task-classify";
import { glue } from "@blora/task-glue";
import { instruct } from "@blora/task-instruct";
import { mmlu } from "@blora/task-mmlu";
import { tokens } from "@blora/task-tokens";

type FirstPartyPlugin =
  | typeof adalora
  | typeof bayesianBits
  | typeof bert
  | typeof binaryConcrete
  | typeof blora
  | typeof bops
  | typeof builtinTask
  | typeof classify
  | typeof debertaV2
  | typeof full
  | typeof glue
  | typeof hardConcrete
  | typeof head
  | typeof instruct
  | typeof llama
  | typeof localJobs
  | typeof lora
  | typeof mmlu
  | typeof modernBert
  | typeof onnx
  | typeof phi
  | typeof qwen2
  | typeof roberta
  | typeof tfjs
  | typeof tokens
  | typeof uniform;

/** Every first-party plugin. */
export const firstPartyPlugins: readonly FirstPartyPlugin[] = [
  adalora,
  bayesianBits,
  bert,
  binaryConcrete,
  blora,
  bops,
  builtinTask,
  classify,
  debertaV2,
  full,
  glue,
  hardConcrete,
  head,
  instruct,
  llama,
  localJobs,
  lora,
  mmlu,
  modernBert,
  onnx,
  phi,
  qwen2,
  roberta,
  tfjs,
  tokens,
  uniform,
];

export const registry: Registry<FirstPartyPlugin> = createRegistry(firstPartyPlugins);
