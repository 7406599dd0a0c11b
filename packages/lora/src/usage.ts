import { FLOAT_BITS, type LinearSite, type MatmulUsage, type SiteUsage } from "@blora/spec";

/** Multiply-accumulates per token of each product of a site at rank R. */
export function macsPerToken(site: LinearSite, rank: number): { W0: number; A: number; E: number; B: number } {
  return {
    W0: site.inFeatures * site.outFeatures,
    A: rank * site.inFeatures,
    E: rank,
    B: rank * site.outFeatures,
  };
}

/** The named products in floating point, all of them kept: full price. */
export function floatUsage(
  site: LinearSite,
  rank: number,
  matrices: readonly ("W0" | "A" | "E" | "B")[],
  keep = 1,
): SiteUsage {
  const macs = macsPerToken(site, rank);
  const matmuls = matrices.map(
    (matrix): MatmulUsage => ({
      matrix,
      macsPerToken: macs[matrix],
      keep: matrix === "W0" ? 1 : keep,
      weightBits: FLOAT_BITS,
      inputBits: FLOAT_BITS,
    }),
  );
  return { site, matmuls };
}
