import { exportUpdates } from "@blora/adapters";
import { exportInMemory } from "@blora/export-onnx";
import { openNetwork } from "@blora/network";
import type { LabelTask, Tokenizer } from "@blora/spec";
import { sizeOf } from "@blora/tensor";
import type { TrainedInMemory } from "@blora/trainer";
import type { Checkpoint } from "@blora/weights";
import { type ZipOptions, zipSync } from "fflate";
import type { Download, Settings, Taken } from "./messages.ts";
import type { ModelFiles } from "./model-files.ts";
import { architectureOf, methodOf } from "./parts.ts";

/** A trained model in each form that can be taken away. */
export interface TakeAway {
  /** In bytes, before they are compressed. */
  readonly sizes: Readonly<Record<Taken, number>>;
  /** A zip of its files. */
  pack(form: Taken): Download;
}

interface TakeAwayParts {
  readonly files: ModelFiles;
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
  readonly task: LabelTask;
  readonly settings: Settings;
  readonly trained: TrainedInMemory;
}

/** Files of an adapter at its learned widths, which are the whole of it. */
const PACKED = /^blora_/;
/** Those of a model that an export has in its graph. */
const OF_THE_MODEL = /\.safetensors$/;

export function takeAwayOf({ files, checkpoint, tokenizer, task, settings, trained }: TakeAwayParts): TakeAway {
  const { config, folder } = checkpoint;
  const network = openNetwork(architectureOf(config, folder), checkpoint, folder, tokenizer.special.pad);
  const { weights } = trained;
  const packed = new Map([...trained.files].filter(([name]) => PACKED.test(name)));
  const companions = new Map([...files].filter(([name]) => !OF_THE_MODEL.test(name)));
  const makeOnnx = () => {
    const updates = exportUpdates(methodOf(settings), network.linears, weights);
    const adapter = { updates, headTensors: weights.head, head: task.head, maxSeqLength: settings.maxLength };
    return exportInMemory({ network, adapter, companions });
  };
  const { base, head } = network.tensors(task.head);
  const values = [...base.values(), ...head].reduce((total, { shape }) => total + sizeOf(shape), 0);
  return {
    sizes: {
      peft: bytesOf(trained.files),
      packed: bytesOf(packed),
      onnx: 4 * values + bytesOf(companions),
    },
    pack(form) {
      if (form === "onnx") return zipOf("model-onnx", makeOnnx(), { level: 0 });
      return zipOf(`adapter-${form}`, form === "peft" ? trained.files : packed, {});
    },
  };
}

function zipOf(name: string, files: ReadonlyMap<string, Uint8Array>, options: ZipOptions): Download {
  return { name: `${name}.zip`, bytes: zipSync(Object.fromEntries(files), options) };
}

function bytesOf(files: ReadonlyMap<string, Uint8Array>): number {
  return [...files.values()].reduce((total, { length }) => total + length, 0);
}
