/**
 * A label as it is compared and named: é is one letter to some programs and an e with an accent to others, and the two
 * look the same.
 */
export function labelName(text: string): string {
  return text.trim().normalize("NFC");
}

/** Finds the index of a label by its name, in whatever form of Unicode the two are; undefined where there is none. */
export function labelIndices(labels: readonly string[]): (name: string) => number | undefined {
  const normal = new Map(labels.map((label, index) => [labelName(label), index]));
  const exact = new Map(labels.map((label, index) => [label, index]));
  return (name) => exact.get(name) ?? normal.get(labelName(name));
}
