import type { SafetensorsHeader } from "@blora/weights";
import { HEAD_PREFIX } from "./weights.ts";

/** Bytes of one adapter in three forms. */
export interface FormSizes {
  /** At the learned widths, with scales and ranges. */
  readonly packed: number;
  /** As PEFT's file holds it. */
  readonly float32: number;
  /** As PEFT's file would hold it in 16 bit. */
  readonly float16: number;
}

export interface AdapterSizes {
  /** Values of the low-rank matrices alone. */
  readonly matrices: FormSizes;
  /** Whole tensor files: the head, which stays in float32 in the packed one, and the names of all tensors. */
  readonly files: FormSizes;
}

/** Measures the tensor files of an adapter by their headers. */
export function sizesOf(packed: SafetensorsHeader, peft: SafetensorsHeader): AdapterSizes {
  const matrices = bytesOf(peft, (name) => name.includes(".lora_"));
  const values = bytesOf(peft, () => true);
  const float32 = fileBytes(peft, values);
  return {
    matrices: {
      packed: bytesOf(packed, (name) => !name.startsWith(HEAD_PREFIX)),
      float32: matrices,
      float16: matrices / 2,
    },
    files: {
      packed: fileBytes(
        packed,
        bytesOf(packed, () => true),
      ),
      float32,
      float16: float32 - values / 2,
    },
  };
}

function bytesOf({ tensors }: SafetensorsHeader, counts: (name: string) => boolean): number {
  let bytes = 0;
  for (const { name, length } of tensors.values()) if (counts(name)) bytes += length;
  return bytes;
}

/** The data begins behind the header and covers the rest of the file. */
function fileBytes({ tensors }: SafetensorsHeader, values: number): number {
  const [first] = tensors.values();
  return (first?.offset ?? 0) + values;
}
