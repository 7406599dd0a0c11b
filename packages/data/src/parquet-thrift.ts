/** Whole numbers of a structure, and truth values as 1 and 0, by the fields they are in: `5.1` is field 1 of the structure in field 5. Not those of lists. */
export interface ThriftNumbers {
  readonly numbers: ReadonlyMap<string, number>;
  /** Where the structure ends. */
  readonly end: number;
}

/** Types of the compact protocol. */
const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12];

/** Bytes that a number of 32 bits and one of 64 have at most. */
const [INTEGER_BYTES, LONG_BYTES] = [5, 10];

/**
 * A number without a sign, seven bits in a byte, the lowest first.
 *
 * @throws RangeError for one of too many bytes, and where bytes end
 */
export function readVarint(
  view: DataView,
  start: number,
  mostBytes: number = INTEGER_BYTES,
): { value: number; end: number } {
  let value = 0;
  for (let index = 0; index < mostBytes; index++) {
    const byte = view.getUint8(start + index);
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  throw new RangeError(`Expected a number of at most ${mostBytes} bytes.`);
}

/**
 * Walks one structure of Thrift's compact protocol, as parquet describes files and pages, and keeps its numbers alone. Lists
 * have a length in front of them, and whoever believes one of a damaged file fills memory with elements that are not there.
 *
 * @throws RangeError for a list or text of more elements than there are bytes, for numbers of too many bytes, and where bytes end
 */
export function walkThrift(view: DataView, start: number): ThriftNumbers {
  const numbers = new Map<string, number>();
  let at = start;

  function varint(mostBytes?: number): number {
    const { value, end } = readVarint(view, at, mostBytes);
    at = end;
    return value;
  }

  function number(): number {
    const zigZag = varint();
    return zigZag % 2 === 0 ? zigZag / 2 : -(zigZag + 1) / 2;
  }

  function count(): number {
    const elements = varint();
    if (elements <= view.byteLength - at) return elements;
    throw new RangeError(`Expected at most ${view.byteLength - at} elements in as many bytes, found ${elements}.`);
  }

  function skip(bytes: number): void {
    at += bytes;
  }

  function structure(path: string | undefined): void {
    let field = 0;
    while (at < view.byteLength) {
      const head = view.getUint8(at++);
      const type = head & 0x0f;
      if (type === STOP) return;
      field = head >> 4 === 0 ? number() : field + (head >> 4);
      element(type, path === undefined ? undefined : `${path}${field}`);
    }
  }

  function list(): void {
    const head = view.getUint8(at++);
    const elements = head >> 4 === 15 ? count() : head >> 4;
    const type = head & 0x0f;
    // In a list a truth value takes a byte, outside it is a type.
    for (let index = 0; index < elements; index++) element(type === TRUE || type === FALSE ? BYTE : type, undefined);
  }

  function element(type: number, path: string | undefined): void {
    if (type === BYTE) skip(1);
    else if (type === I16 || type === I32) {
      const value = number();
      if (path !== undefined) numbers.set(path, value);
    } else if (type === I64) varint(LONG_BYTES);
    else if (type === DOUBLE) skip(8);
    else if (type === BINARY) skip(count());
    else if (type === LIST) list();
    else if (type === STRUCT) structure(path === undefined ? undefined : `${path}.`);
    else if ((type === TRUE || type === FALSE) && path !== undefined) numbers.set(path, type === TRUE ? 1 : 0);
    else if (type !== TRUE && type !== FALSE) throw new RangeError(`Expected a type of parquet, found ${type}.`);
  }

  structure("");
  return { numbers, end: at };
}
