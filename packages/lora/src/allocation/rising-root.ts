/** Reach beyond which no crossing is looked for. */
const FARTHEST = 2 ** 10;

/**
 * Where a function that never falls crosses 0, to a precision of its value:
 * brackets by doubling from 0, then the Illinois method (Dowell and Jarratt 1971).
 * Where it crosses 0 nowhere within reach, the end on the side of the crossing.
 */
export function risingRoot(f: (x: number) => number, precision: number): number {
  const atZero = f(0);
  if (Math.abs(atZero) <= precision) return 0;
  const direction = atZero < 0 ? 1 : -1;
  let [near, far] = [point(0, atZero), point(0, atZero)];
  for (let reach = 2 ** -6; far.value * atZero > 0; reach *= 2) {
    if (reach > FARTHEST) return direction * FARTHEST;
    near = far;
    far = point(direction * reach, f(direction * reach));
    if (Math.abs(far.value) <= precision) return far.at;
  }
  for (;;) {
    const at = (near.at * far.value - far.at * near.value) / (far.value - near.value);
    const value = f(at);
    if (Math.abs(value) <= precision || at === near.at || at === far.at) return at;
    // An end that stays twice in a row counts half, or it would stay for good.
    if (value * far.value < 0) near = far;
    else near = point(near.at, near.value / 2);
    far = point(at, value);
  }
}

function point(at: number, value: number): { readonly at: number; readonly value: number } {
  return { at, value };
}
