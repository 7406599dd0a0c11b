import type { SiteSummary } from "@blora/spec";
import { meanOf } from "../sweep/spread.ts";
import { ownValue } from "./own-value.ts";

/** Bit widths of a site by operand, as summaries and adapters hold them. */
export type SiteBits = SiteSummary["bits"];

/** Operands that have a width somewhere, in the order sites name them; those with the same widths at every site are together. */
export function operandGroups(sites: readonly SiteBits[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const operand of new Set(sites.flatMap((site) => Object.keys(site)))) {
    const widths = JSON.stringify(sites.map((site) => ownValue(site, operand) ?? null));
    groups.set(widths, [...(groups.get(widths) ?? []), operand]);
  }
  return [...groups.values()];
}

/** Mean width of the open components of A and B over all sites; null where there are none. */
export function meanComponentBits(sites: readonly SiteBits[]): number | null {
  const widths = sites.flatMap(({ A, B }) => [A ?? [], B ?? []].flat());
  return widths.length === 0 ? null : meanOf(widths);
}

/** Widths of a site, strongest component first: `8 4 4 2` where A and B share them, `A 4, B 8` where they do not. */
export function widthsText(bits: SiteBits): string {
  const parts = operandGroups([bits]).map((operands) => {
    const widths = [bits[operands[0]!]!].flat().join(" ") || "closed";
    return operands.join() === "A,B" ? widths : `${operands.join(" ")} ${widths}`;
  });
  return parts.join(", ");
}
