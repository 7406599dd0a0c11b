/**
 * The slopes of a scalar by each of `count` entries, by the five-point stencil,
 * whose error falls with the fourth power of the step.
 *
 * @param at the scalar with one entry moved by an offset of up to two steps
 */
export function finiteDifferences(
  count: number,
  step: number,
  at: (entry: number, offset: number) => number,
): Float64Array {
  return Float64Array.from({ length: count }, (_, entry) => {
    const difference = (offset: number): number => at(entry, offset) - at(entry, -offset);
    return (8 * difference(step) - difference(2 * step)) / (12 * step);
  });
}
