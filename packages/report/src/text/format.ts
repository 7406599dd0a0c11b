import type { Spread } from "../sweep/spread.ts";

const NONE = "–";

/** A metric to four places; none where it is undefined (NaN). */
export function score(value: number | null | undefined): string {
  return value === null || value === undefined || Number.isNaN(value) ? NONE : value.toFixed(4);
}

/** Mean ± standard deviation. */
export function spread(value: Spread | null): string {
  if (value === null) return NONE;
  const { mean, standardDeviation } = value;
  return standardDeviation === null ? score(mean) : `${score(mean)} ± ${score(standardDeviation)}`;
}

/** A share in per cent. */
export function share(value: number | null): string {
  return value === null ? NONE : `${(100 * value).toFixed(1)} %`;
}

export function oneDecimal(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : value.toFixed(1);
}

export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

export function mebibytes(bytes: number | null): string {
  return bytes === null ? NONE : `${count(bytes / 2 ** 20)} MiB`;
}

/** Mean widths by operand, such as `A 4.0, B 8.0`. */
export function bitWidths(bits: Readonly<Record<string, number>>): string {
  const widths = Object.entries(bits).map(([matrix, width]) => `${matrix} ${oneDecimal(width)}`);
  return widths.length === 0 ? NONE : widths.join(", ");
}

/** 95 seconds as 1m35s. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  if (minutes === 0) return `${whole}s`;
  return minutes < 60 ? `${minutes}m${whole % 60}s` : `${Math.floor(minutes / 60)}h${minutes % 60}m`;
}
