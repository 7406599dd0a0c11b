import type { Fitter, Polynomial } from "./polynomial.ts";

/** Values of a constant at one size, by bytes. */
export interface ConstantValues {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A constant that is a part of its largest version: entries `start` to `end` of every axis. */
export interface Window {
  readonly whole: ConstantValues;
  readonly axes: readonly { readonly start: Polynomial; readonly end: Polynomial }[];
}

/** A constant that is one value all over. */
export interface Fill {
  /** Bytes of one element. */
  readonly value: Uint8Array;
  readonly shape: readonly Polynomial[];
}

/** Finds a table that holds one value at every size, such as the ones of a mask. */
export function fitFill(
  versions: readonly ConstantValues[],
  bytesPerElement: number,
  fitter: Fitter,
): Fill | undefined {
  const value = versions[0]!.bytes.subarray(0, bytesPerElement);
  const isFill = versions.every(({ bytes }) => bytes.every((byte, index) => byte === value[index % bytesPerElement]));
  if (!isFill || value.length === 0) return undefined;
  const shape = versions[0]!.shape.map((_, axis) => fitter.fit(versions.map((version) => version.shape[axis]!)));
  return shape.every((size) => size !== undefined) ? { value, shape } : undefined;
}

/** Where a smaller table can lie in a larger one, along one axis. */
const PLACES = [
  (_length: number, _whole: number) => 0,
  (length: number, whole: number) => (whole - length) / 2,
  (length: number, whole: number) => whole - length,
];

/**
 * Finds a table of positions that is computed on the host, such as the rows of
 * relative distances, again as a part of the one made for the longest text.
 *
 * @param versions the constant at every size traced
 * @returns undefined where some version is no such part
 */
export function fitWindow(
  versions: readonly ConstantValues[],
  bytesPerElement: number,
  fitter: Fitter,
): Window | undefined {
  const whole = versions.reduce((a, b) => (b.bytes.length > a.bytes.length ? b : a));
  const rank = whole.shape.length;
  if (versions.some(({ shape }) => shape.length !== rank)) return undefined;
  for (const places of combinations(rank)) {
    const starts = versions.map(({ shape }) => shape.map((length, axis) => places[axis]!(length, whole.shape[axis]!)));
    if (!versions.every((part, index) => isPart(part, whole, starts[index]!, bytesPerElement))) continue;
    const axes = whole.shape.map((_, axis) => ({
      start: fitter.fit(starts.map((start) => start[axis]!)),
      end: fitter.fit(versions.map(({ shape }, index) => starts[index]![axis]! + shape[axis]!)),
    }));
    if (axes.every(({ start, end }) => start !== undefined && end !== undefined)) {
      return { whole, axes: axes as Window["axes"] };
    }
  }
  return undefined;
}

/** Every choice of one place per axis. */
function combinations(rank: number): (typeof PLACES)[] {
  if (rank === 0) return [[]];
  return combinations(rank - 1).flatMap((others) => PLACES.map((place) => [...others, place]));
}

function isPart(
  part: ConstantValues,
  whole: ConstantValues,
  start: readonly number[],
  bytesPerElement: number,
): boolean {
  if (!start.every((first, axis) => Number.isInteger(first) && first + part.shape[axis]! <= whole.shape[axis]!))
    return false;
  const row = (part.shape.at(-1) ?? 1) * bytesPerElement;
  for (let offset = 0; offset < part.bytes.length; offset += row) {
    const place = placeOf(offset / bytesPerElement, part, whole, start) * bytesPerElement;
    for (let byte = 0; byte < row; byte++) if (part.bytes[offset + byte] !== whole.bytes[place + byte]) return false;
  }
  return true;
}

/** Index in `whole` of the element at a flat index of `part`. */
function placeOf(index: number, part: ConstantValues, whole: ConstantValues, start: readonly number[]): number {
  let rest = index;
  let place = 0;
  let stride = 1;
  for (let axis = part.shape.length - 1; axis >= 0; axis--) {
    place += ((rest % part.shape[axis]!) + start[axis]!) * stride;
    rest = Math.floor(rest / part.shape[axis]!);
    stride *= whole.shape[axis]!;
  }
  return place;
}
