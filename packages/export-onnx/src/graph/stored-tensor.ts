import type { ElementType } from "@blora/engine-onnx";
import type { Shape } from "@blora/tensor";

/** A tensor as the file will hold it, made when it is written. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly type: ElementType;
  /** Length of what `read` gives. */
  readonly bytes: number;
  read(): Uint8Array;
}
