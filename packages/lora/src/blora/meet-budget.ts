import type { AdapterStore, LinearSite, Parameter } from "@blora/spec";
import { bitsOf, quantizerParameter, RANK_GATES } from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { openComponents } from "./rank-gates.ts";
import { baselineCost, siteUsage } from "./usage.ts";

/** Logits that are on, and off, for every gate. */
const DECIDED = 6;
/** Room left in the budget, as a share of it, that is worth trading gates for. */
const ROOM = 0.01;
const MOST_TRADES = 50;

interface Choice {
  readonly site: LinearSite;
  readonly logits: Parameter;
  readonly index: number;
  /** Choices of an earlier stage open first. */
  readonly stage: number;
  /** Logit; in a chain the lowest up to it, since a gate is worth nothing behind a closed one. */
  readonly priority: number;
}

/** Cost of every site with the gates as they are set. */
interface Ledger {
  total: number;
  /** By path. */
  readonly sites: Map<string, number>;
  costOf(site: LinearSite): number;
}

/**
 * Makes every gate hard so that the measured cost meets the budget: all are
 * closed, then opened stage by stage, in the order of their logits within a
 * stage, those that no longer fit left out. Room that is left is filled by
 * opening a gate for others that close.
 *
 * Ends at or under the budget, and within 1 % of it where gates are fine enough.
 */
export function meetBudget(settings: BloraSettings, store: AdapterStore): void {
  const { bopsTarget } = settings;
  if (bopsTarget === undefined) return;
  const budget = largestWithin(bopsTarget, baselineCost(settings, store.sites, store.cost));
  const choices = store.sites.flatMap((site) => choicesOf(settings, store, site));
  choices.sort((a, b) => a.stage - b.stage || b.priority - a.priority || a.index - b.index);
  for (const choice of choices) set(choice, false);
  const ledger = openLedger(settings, store);
  for (const choice of choices) {
    if (budget - ledger.total <= ROOM * budget) return;
    const added = change(ledger, choice);
    if (ledger.total + added <= budget) toggle(ledger, choice);
  }
  for (let trade = 0; trade < MOST_TRADES && budget - ledger.total > ROOM * budget; trade++) {
    if (!tradeGates(ledger, choices, budget - ledger.total)) return;
  }
}

/** The largest whole cost whose share of the baseline is at most the target: their product can round up past it. */
function largestWithin(target: number, baseline: number): number {
  const cost = Math.floor(target * baseline);
  return cost / baseline <= target ? cost : cost - 1;
}

/** A gate and what toggling it adds to the cost. */
interface Change {
  readonly choice: Choice;
  readonly cost: number;
}

/**
 * Opens a gate, the best first, for others that close, the worst first: for one
 * where any pair fits, else for several. False where nothing fits.
 */
function tradeGates(ledger: Ledger, choices: readonly Choice[], room: number): boolean {
  const changes = choices.map((choice): Change => ({ choice, cost: change(ledger, choice) }));
  const worstFirst = changes.filter(({ cost }) => cost < 0).reverse();
  for (const most of [1, worstFirst.length]) {
    for (const opened of changes) {
      if (opened.cost <= room) continue;
      const closed = closedFor(opened, worstFirst, room, most);
      if (closed === undefined) continue;
      for (const { choice } of closed) toggle(ledger, choice);
      toggle(ledger, opened.choice);
      return true;
    }
  }
  return false;
}

/** Gates to close for one that opens, of a site each so that their costs add up; they leave between 0 and 3/4 of the room. */
function closedFor(
  opened: Change,
  worstFirst: readonly Change[],
  room: number,
  most: number,
): readonly Change[] | undefined {
  const closed: Change[] = [];
  const sites = new Set([opened.choice.site]);
  let added = opened.cost;
  for (const candidate of worstFirst) {
    const left = added + candidate.cost;
    const isLast = closed.length + 1 === most;
    if (sites.has(candidate.choice.site) || left <= room / 4 || (isLast && left > room)) continue;
    closed.push(candidate);
    sites.add(candidate.choice.site);
    added = left;
    if (added <= room) return closed;
  }
  return undefined;
}

function openLedger(settings: BloraSettings, store: AdapterStore): Ledger {
  const costOf = (site: LinearSite): number => {
    const adapter = store.get(site.path);
    const rank = openComponents(settings, adapter).length;
    const usage = siteUsage(settings, site, rank, (operand) => bitsOf(settings, adapter, operand));
    return Number(store.cost.measured([usage], 1).total);
  };
  const sites = new Map(store.sites.map((site) => [site.path, costOf(site)]));
  return { total: [...sites.values()].reduce((sum, cost) => sum + cost, 0), sites, costOf };
}

function set({ logits, index }: Choice, open: boolean): void {
  logits.values[index] = open ? DECIDED : -DECIDED;
}

function isOpen({ logits, index }: Choice): boolean {
  return logits.values[index]! > 0;
}

/** What toggling a gate would add to the cost of its site. */
function change(ledger: Ledger, choice: Choice): number {
  const open = isOpen(choice);
  set(choice, !open);
  const cost = ledger.costOf(choice.site);
  set(choice, open);
  return cost - ledger.sites.get(choice.site.path)!;
}

function toggle(ledger: Ledger, choice: Choice): void {
  const { path } = choice.site;
  set(choice, !isOpen(choice));
  const cost = ledger.costOf(choice.site);
  ledger.total += cost - ledger.sites.get(path)!;
  ledger.sites.set(path, cost);
}

function choicesOf(settings: BloraSettings, store: AdapterStore, site: LinearSite): Choice[] {
  const { parameters } = store.get(site.path);
  return Object.entries(parameters).flatMap(([name, logits]) => {
    if (logits.group !== "gates") return [];
    const isChain = name !== RANK_GATES || settings.rankPrior === "nested";
    let lowest = Infinity;
    return Array.from(logits.values, (logit, index): Choice => {
      lowest = Math.min(lowest, logit);
      return { site, logits, index, stage: stageOf(settings, name, index), priority: isChain ? lowest : logit };
    });
  });
}

/**
 * Stage 0 has the gates of E: its widths cost next to nothing, and too few of
 * them round whole components to zero. Stage 1 has the first gate of every
 * other quantizer, stage 2 the second gates, and so on: one operand at 2 bits
 * costs a network more than all at 8 instead of 16. Components compete with
 * the second gates: a tight budget trades them for wider widths of the others.
 */
function stageOf({ quantizer }: BloraSettings, name: string, index: number): number {
  if (name.startsWith(quantizerParameter("E", ""))) return 0;
  return name === RANK_GATES ? Math.min(2, quantizer.bitWidths.length - 1) : 1 + index;
}
