import type { Shape, Tensor } from "@blora/tensor";
import { PluginError } from "./errors.ts";

/**
 * What a plugin has computed, held to the shape and type that were asked for: a wrong one would be broadcast in silence, or
 * fail far away.
 *
 * @param what was asked, such as `round of a quantizer`
 * @param kit test of `@blora/testing` that holds plugins to it
 * @throws PluginError saying what was expected and what was found
 */
export function requireLike(
  found: Tensor,
  expected: { readonly shape: Shape; readonly dtype?: string },
  what: string,
  kit: "testGate" | "testQuantizer",
): Tensor {
  const describe = ({ dtype = "float32", shape }: typeof expected): string => `${dtype} [${shape.join(", ")}]`;
  if (describe(found) === describe(expected)) return found;
  throw new PluginError(
    `${what}: expected ${describe(expected)}, found ${describe(found)}. ${kit} of @blora/testing holds plugins to it.`,
  );
}
