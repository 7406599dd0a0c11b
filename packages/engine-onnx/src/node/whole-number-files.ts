import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, readFrozen, requireFreeSpace, sha256, writeFileDurablySync, writeWhole } from "@blora/files";
import type { FileSlice, FrozenTensor } from "@blora/spec";
import { sizeOf } from "@blora/tensor";
import { bytesOf, type Graph, type WholeNumbers } from "../graph/graph.ts";
import { type RoundedColumns, roundedBytes, roundedMatrix } from "../session/rounded-columns.ts";
import { createKnownHashes } from "./known-hashes.ts";

/** Frozen matrices in whole numbers: those of files in files of their own, made once and mapped ever after. */
export interface WholeNumberFiles {
  /** The graph with its whole numbers as initializers. */
  place(graph: Graph): Promise<Graph>;
}

/** Codes and scales in a file. */
type Parts = Readonly<Record<"codes" | "scales", FileSlice>>;

/** Where scales begin in a file: at a whole number of cache lines. */
const ALIGNMENT = 64;

interface Reading {
  readonly values: Float32Array;
  /** Of shape and values. */
  readonly hash: string;
}

/** @param cache holds the codes in `int8`, and in `hashes` what matrices are known by */
export function createWholeNumberFiles(cache: string): WholeNumberFiles {
  const folder = join(cache, "int8");
  const hashes = createKnownHashes(join(cache, "hashes"));

  /**
   * The file of a product, written where it is missing. It is named by the content of the matrix, so that other weights
   * under the same name have another; a file of weights that has not changed since is not read for that.
   *
   * @throws InvalidInputError where the disk has no room for it
   */
  async function partsOf(numbers: WholeNumbers, source: FileSlice, read: () => Promise<Reading>): Promise<Parts> {
    const { shape, storage } = numbers.matrix;
    const known = await hashes.of(source.path);
    const place = `${source.offset} ${source.length} ${storage} ${shape}`;
    const pathOf = (hash: string): string => join(folder, `${hash}-${numbers.product}.int8`);
    const remembered = known.get(place);
    const found = remembered === undefined ? undefined : wholeParts(pathOf(remembered), numbers);
    if (found !== undefined) return found;
    const { values, hash } = await read();
    known.set(place, hash);
    return wholeParts(pathOf(hash), numbers) ?? writeParts(pathOf(hash), numbers, values);
  }

  async function writeParts(path: string, numbers: WholeNumbers, values: Float32Array): Promise<Parts> {
    const parts = placesIn(path, numbers);
    await makeFolder(folder);
    await requireFreeSpace(folder, sizeOfParts(parts), {
      what: `${numbers.name} in whole numbers`,
      advice: "Name a folder with more room in BLORA_CACHE.",
    });
    const content = joined(roundedMatrix(numbers, values), parts);
    writeFileDurablySync(path, (descriptor) => writeWhole(descriptor, content));
    return parts;
  }

  return {
    async place({ wholeNumbers = [], ...graph }) {
      const initializers = [...graph.initializers];
      for (const products of byMatrix(wholeNumbers)) {
        const [{ name, matrix }] = products;
        const { source } = matrix;
        let reading: Promise<Reading> | undefined;
        // What both products of a matrix lack is made from one reading, which is let go before the next.
        const read = () => (reading ??= readHashed(name, matrix));
        for (const numbers of products) {
          const { codes, scales } = isOnDisk(source)
            ? await partsOf(numbers, source, read)
            : roundedBytes(numbers, await readFrozen(name, matrix));
          initializers.push({ ...numbers.codes, data: codes }, { ...numbers.scales, data: scales });
        }
      }
      await hashes.save();
      return { ...graph, initializers };
    },
  };
}

async function readHashed(name: string, matrix: FrozenTensor): Promise<Reading> {
  const values = await readFrozen(name, matrix);
  return { values, hash: sha256([`${matrix.shape}`, values]) };
}

function isOnDisk(source: FrozenTensor["source"]): source is FileSlice {
  return !ArrayBuffer.isView(source) && source.read === undefined;
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

/** The parts of a file that is there as a whole. */
function wholeParts(path: string, numbers: WholeNumbers): Parts | undefined {
  const parts = placesIn(path, numbers);
  return existsSync(path) && statSync(path).size === sizeOfParts(parts) ? parts : undefined;
}

function placesIn(path: string, { codes, scales }: WholeNumbers): Parts {
  const length = sizeOf(codes.shape);
  const offset = Math.ceil(length / ALIGNMENT) * ALIGNMENT;
  return { codes: { path, offset: 0, length }, scales: { path, offset, length: 4 * sizeOf(scales.shape) } };
}

function sizeOfParts({ scales }: Parts): number {
  return scales.offset + scales.length;
}

function joined({ codes, scales }: RoundedColumns, parts: Parts): Uint8Array {
  const content = new Uint8Array(sizeOfParts(parts));
  content.set(bytesOf(codes), parts.codes.offset);
  content.set(bytesOf(scales), parts.scales.offset);
  return content;
}
