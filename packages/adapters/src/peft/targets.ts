import { type LinearSite, orDidYouMean } from "@blora/spec";
import type { PeftConfig } from "./config.ts";
import { namesEndingWith, namesMatching } from "./patterns.ts";

/** Rank and scale of one adapted module, as the configuration gives them. */
export interface PeftModule {
  readonly site: LinearSite;
  readonly rank: number;
  /** ΔW = scale · B·A */
  readonly scale: number;
}

/** AdaLoRA's code divides by r_init + 1e-5. */
const RANK_OFFSET = 1e-5;

/**
 * The modules an adapter belongs to, in forward order, by PEFT's rules.
 *
 * @param inFile modules the tensors name: all that counts where the configuration names no target
 * @param problems told every pattern that matches nothing
 */
export function peftModules(
  config: PeftConfig,
  linears: readonly LinearSite[],
  inFile: ReadonlySet<string>,
  origin: string,
  problems: string[],
): Map<string, PeftModule> {
  const names = targetNames(config, linears, inFile, origin);
  if (names.length === 0 && (inFile.size > 0 || config.targets !== undefined))
    problems.push(nothingTargeted(config, linears));
  const ranks = byModule(config.rankPattern, "rank_pattern", names, origin, problems);
  const alphas = byModule(config.alphaPattern, "alpha_pattern", names, origin, problems);
  const sites = new Map(linears.map((site) => [site.path, site]));
  return new Map(
    names.map((name) => {
      const rank = ranks.get(name) ?? config.rank;
      const scale = scaleOf(config, alphas.get(name) ?? config.alpha, rank);
      return [name, { site: sites.get(name)!, rank, scale }];
    }),
  );
}

function scaleOf({ type, rank: initial, useRslora }: PeftConfig, alpha: number, rank: number): number {
  // PEFT takes an alpha that is not positive for the rank, in AdaLoRA alone.
  if (type === "ADALORA") return (alpha > 0 ? alpha : rank) / (initial + RANK_OFFSET);
  return alpha / (useRslora ? Math.sqrt(rank) : rank);
}

/** Values of a pattern by module: the first key that matches decides. */
function byModule(
  patterns: PeftConfig["rankPattern"],
  option: string,
  names: readonly string[],
  origin: string,
  problems: string[],
): Map<string, number> {
  const values = new Map<string, number>();
  for (const [key, value] of patterns) {
    const matched = namesEndingWith(key, names, `${origin}: ${option}`);
    if (matched.length === 0) {
      problems.push(`${option} ${JSON.stringify(key)} matches no adapted module${orDidYouMean(key, withEnds(names))}`);
    }
    for (const name of matched) if (!values.has(name)) values.set(name, value);
  }
  return values;
}

function targetNames(
  config: PeftConfig,
  linears: readonly LinearSite[],
  inFile: ReadonlySet<string>,
  origin: string,
): string[] {
  const { targets, excluded, modulesToSave } = config;
  const all = linears.map(({ path }) => path);
  const named = targets === undefined ? all.filter((path) => inFile.has(path)) : select(targets, all, origin);
  // An expression and a whole path choose for themselves, whatever layers are given.
  const found =
    typeof targets === "string"
      ? named
      : named.filter((path) => targets?.includes(path) || inLayers(path, config, origin));
  const out = new Set(excluded === undefined ? [] : select(excluded, all, origin));
  return found.filter((path) => !out.has(path) && !modulesToSave.some((module) => `.${path}.`.includes(`.${module}.`)));
}

function select(targets: readonly string[] | string, names: readonly string[], origin: string): string[] {
  if (targets === "all-linear") return [...names];
  if (typeof targets === "string") return namesMatching(targets, names, `${origin}: target_modules`);
  return names.filter((name) => targets.some((target) => name === target || name.endsWith(`.${target}`)));
}

/** `layers_to_transform`: the number behind the name of the list of layers, which a bare network's paths may begin with where it is given. */
function inLayers(path: string, { layers, layersPattern }: PeftConfig, origin: string): boolean {
  if (layers === undefined) return true;
  const lists = layersPattern.length === 0 ? [".*\\.[^.]*"] : layersPattern.map((list) => `(?:.*\\.)?${list}`);
  return layers.some((layer) =>
    lists.some((list) => namesMatching(`${list}\\.${layer}\\..*`, [path], `${origin}: layers_pattern`).length > 0),
  );
}

function nothingTargeted({ targets }: PeftConfig, linears: readonly LinearSite[]): string {
  const names = withEnds(linears.map(({ path }) => path));
  const first = typeof targets === "string" ? targets : (targets?.[0] ?? "");
  return `target_modules ${JSON.stringify(targets)?.slice(0, 200)} matches no linear map of the model${orDidYouMean(first, names)}`;
}

/** Paths and their last parts: both are what people write. */
function withEnds(paths: readonly string[]): Set<string> {
  return new Set(paths.flatMap((path) => [path, path.split(".").at(-1)!]));
}
