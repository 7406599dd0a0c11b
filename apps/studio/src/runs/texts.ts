export function shareText(share: number | null): string {
  return share === null || share === 0 ? "–" : `${(100 * share).toFixed(1)} %`;
}

const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** `3 minutes ago`. Times in milliseconds. */
export function agoText(then: number, now: number): string {
  const seconds = Math.max(0, (now - then) / 1000);
  const [name, length] = UNITS.find(([, unit]) => seconds >= unit) ?? ["second", 1];
  const count = Math.floor(seconds / length);
  return count === 0 ? "now" : `${count} ${name}${count === 1 ? "" : "s"} ago`;
}
