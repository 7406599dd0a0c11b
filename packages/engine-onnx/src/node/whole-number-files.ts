import { existsSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { readFrozen, requireFreeSpace, sha256, writeFileDurablySync, writeWhole } from "@blora/files";
import type { FileSlice, FrozenTensor } from "@blora/spec";
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
  const hashes = new Map<string, Promise<string>>();
  const written = new Map<string, Promise<Parts>>();

  function partsOf(numbers: WholeNumbers, read: () => Promise<Float32Array>): Promise<Parts> {
    const { matrix, product } = numbers;
    const place = placeOf(numbers);
    const hash = hashes.get(place) ?? read().then((values) => sha256([`${matrix.shape}`, values]));
    const parts = written.get(`${place} ${product}`) ?? writtenParts(folder, numbers, hash, read);
    hashes.set(place, hash);
    written.set(`${place} ${product}`, parts);
    return parts;
  }

  return {
    async place({ wholeNumbers = [], ...graph }) {
      const initializers = [...graph.initializers];
      for (const products of byMatrix(wholeNumbers)) {
        const [{ name, matrix }] = products;
        let values: Promise<Float32Array> | undefined;
        // What both products of a matrix lack is made from one reading, which is let go before the next.
        const read = () => (values ??= readFrozen(name, matrix));
        for (const numbers of products) {
          const { codes, scales } = ArrayBuffer.isView(matrix.source)
            ? roundedBytes(numbers, await read())
            : await partsOf(numbers, read);
          initializers.push({ ...numbers.codes, data: codes }, { ...numbers.scales, data: scales });
        }
      }
      return { ...graph, initializers };
    },
  };
}

function placeOf({ matrix: { source, shape } }: WholeNumbers): string {
  return ArrayBuffer.isView(source) ? "" : `${source.path} ${source.offset} ${source.length} ${shape}`;
}

type ProductsOfMatrix = [WholeNumbers, ...WholeNumbers[]];

function byMatrix(all: readonly WholeNumbers[]): Iterable<ProductsOfMatrix> {
  const products = new Map<FrozenTensor, ProductsOfMatrix>();
  for (const numbers of all) {
    const known = products.get(numbers.matrix);
    if (known === undefined) products.set(numbers.matrix, [numbers]);
    else known.push(numbers);
  }
  return products.values();
}

/**
 * The file of a product, written where it is missing. It is named by the content of the matrix, so that other weights
 * under the same name have another.
 *
 * @throws InvalidInputError where the disk has no room for it
 */
async function writtenParts(
  folder: string,
  numbers: WholeNumbers,
  hash: Promise<string>,
  read: () => Promise<Float32Array>,
): Promise<Parts> {
  const path = join(folder, `${await hash}-${numbers.product}.int8`);
  const parts = placesIn(path, numbers);
  const size = parts.scales.offset + parts.scales.length;
  if (existsSync(path) && statSync(path).size === size) return parts;
  await mkdir(folder, { recursive: true });
  await requireFreeSpace(folder, size, {
    what: `${numbers.name} in whole numbers`,
    advice: "Name a folder with more room in BLORA_CACHE.",
  });
  const { codes, scales } = roundedMatrix(numbers, await read());
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
