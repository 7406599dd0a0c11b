import type { AdapterStore } from "@blora/spec";
import { layoutOf, quantizerParameters } from "./layout.ts";
import type { BloraSettings } from "./options.ts";

/**
 * Lets the ranges of trained matrices follow the optimizer. B starts at zero,
 * so it outgrows any range set after a warm-up, and what is clipped has no
 * gradient: a third of its values would stay where the range was first set.
 */
export function widenRanges({ quantizer }: BloraSettings, store: AdapterStore): void {
  for (const { path } of store.sites) {
    const { layout, parameters } = store.get(path);
    const { signed } = layoutOf({ layout });
    for (const matrix of ["A", "E", "B"] as const) {
      const isSigned = signed[matrix];
      if (isSigned === undefined) continue;
      quantizer.widen?.(quantizerParameters(parameters, matrix), {
        values: parameters[matrix]!.values,
        signed: isSigned,
      });
    }
  }
}
