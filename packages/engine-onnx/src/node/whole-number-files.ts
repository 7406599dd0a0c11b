import { existsSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { readFrozen, requireFreeSpace, sha256, writeFileDurablySync, writeWhole } from "@blora/files";
import type { FileSlice } from "@blora/spec";
import { sizeOf } from "@blora/tensor";
import { bytesOf, type Graph, type Initializer, type WholeNumbers } from "../graph/graph.ts";
import { roundedBytes, roundedMatrix } from "../session/rounded-columns.ts";

/** Frozen matrices in whole numbers: those of files in files of their own, made once and mapped ever after. */
export interface WholeNumberFiles {
  /** The graph with its whole numbers as initializers. */
  place(graph: Graph): Promise<Graph>;
}

/** Codes and scales, in memory or in a file. */
type Parts = Readonly<Record<"codes" | "scales", Initializer["data"]>>;

/** Where scales begin in a file: at a whole number of cache lines. */
const ALIGNMENT = 64;

export function createWholeNumberFiles(folder: string): WholeNumberFiles {
  /** By the place that is read: the same matrix enters the steps of many lengths. */
  const written = new Map<string, Promise<Parts>>();

  async function partsOf(numbers: WholeNumbers): Promise<Parts> {
    const { matrix, product } = numbers;
    const { source } = matrix;
    if (ArrayBuffer.isView(source)) return roundedBytes(numbers, await readFrozen(numbers.name, matrix));
    const place = `${source.path} ${source.offset} ${source.length} ${product}`;
    const parts = written.get(place) ?? writtenParts(folder, numbers);
    written.set(place, parts);
    return parts;
  }

  return {
    async place({ wholeNumbers = [], ...graph }) {
      const initializers = [...graph.initializers];
      for (const numbers of wholeNumbers) {
        const { codes, scales } = await partsOf(numbers);
        initializers.push({ ...numbers.codes, data: codes }, { ...numbers.scales, data: scales });
      }
      return { ...graph, initializers };
    },
  };
}

/**
 * The file of a matrix, written where it is missing. It is named by the content of the matrix, so that other weights
 * under the same name have another.
 *
 * @throws InvalidInputError where the disk has no room for it
 */
async function writtenParts(folder: string, numbers: WholeNumbers): Promise<Parts> {
  const { name, matrix, product } = numbers;
  const values = await readFrozen(name, matrix);
  const path = join(folder, `${sha256([`${matrix.shape} ${product}`, values])}.int8`);
  const parts = placesIn(path, numbers);
  const size = parts.scales.offset + parts.scales.length;
  if (existsSync(path) && statSync(path).size === size) return parts;
  await mkdir(folder, { recursive: true });
  await requireFreeSpace(folder, size, {
    what: `${name} in whole numbers`,
    advice: "Name a folder with more room in BLORA_CACHE.",
  });
  const { codes, scales } = roundedMatrix(numbers, values);
  const content = new Uint8Array(size);
  content.set(bytesOf(codes), parts.codes.offset);
  content.set(bytesOf(scales), parts.scales.offset);
  writeFileDurablySync(path, (descriptor) => writeWhole(descriptor, content));
  return parts;
}

function placesIn(path: string, { codes, scales }: WholeNumbers): Record<"codes" | "scales", FileSlice> {
  const length = sizeOf(codes.shape);
  const offset = Math.ceil(length / ALIGNMENT) * ALIGNMENT;
  return { codes: { path, offset: 0, length }, scales: { path, offset, length: 4 * sizeOf(scales.shape) } };
}
