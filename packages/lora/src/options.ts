import { InvalidInputError } from "@blora/spec";
import { z } from "zod";

/** Options every method shares. */
export interface LowRankOptions {
  /** Numerator of the scale: ΔW = alpha / rank · B·A. Default 2 · rank. */
  readonly alpha?: number | undefined;
  /** Share of the adapter's input that is zeroed in training, 0 to below 1. Default 0. */
  readonly dropout?: number | undefined;
}

export const rankSchema: z.ZodInt = z.int().min(1);
export const alphaSchema: z.ZodNumber = z.number().positive();
export const dropoutSchema: z.ZodNumber = z.number().min(0).lt(1);

/** Checked options with their defaults. Throws one `InvalidInputError` that lists every problem. */
export function parseOptions<Output>(method: string, schema: z.ZodType<Output>, options: unknown): Output {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => {
    const found = path.reduce<unknown>(
      (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
      options,
    );
    const place = path.length === 0 ? "" : `${path.join(".")} = ${describe(found)}: `;
    return `${place}${message}`;
  });
  throw new InvalidInputError(`Options of method "${method}": ${problems.join("; ")}.`);
}

function describe(value: unknown): string {
  return typeof value === "function" ? "a function" : (JSON.stringify(value) ?? "undefined");
}
