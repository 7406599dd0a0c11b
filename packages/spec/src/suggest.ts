/** The up to three candidates closest to `name` by edit distance, nearest first. */
export function nearestNames(name: string, candidates: Iterable<string>): string[] {
  const limit = Math.max(2, Math.floor(name.length / 2));
  return [...candidates]
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** "Did you mean a, b?" with a leading space, or nothing. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const names = nearestNames(name, candidates);
  return names.length === 0 ? "" : ` Did you mean ${names.join(", ")}?`;
}

/** "(did you mean a, b?)" with a leading space, or nothing: for a sentence that goes on. */
export function orDidYouMean(name: string, candidates: Iterable<string>): string {
  const names = nearestNames(name, candidates);
  return names.length === 0 ? "" : ` (did you mean ${names.join(", ")}?)`;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
