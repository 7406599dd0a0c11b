import { InvalidInputError } from "@blora/spec";
import type { AdaloraSettings, Steps } from "./options.ts";

/** When the budget falls and how far, in steps and components. */
export interface BudgetSchedule {
  /** t_i */
  readonly initialSteps: number;
  /** t_f */
  readonly finalSteps: number;
  /** ΔT */
  readonly interval: number;
  /** T */
  readonly totalSteps: number;
  /** b0, components of all sites together */
  readonly initialBudget: number;
  /** b_T */
  readonly finalBudget: number;
}

/** Components that may stay at a step, and whether the others are masked at it. */
export interface Budget {
  readonly components: number;
  readonly masks: boolean;
}

/** The schedule of a run. Throws `InvalidInputError` where the run is too short for it. */
export function budgetSchedule(options: AdaloraSettings, sites: number, totalSteps: number): BudgetSchedule {
  const initialSteps = toSteps(options.tInit, totalSteps);
  const finalSteps = toSteps(options.tFinal, totalSteps);
  if (initialSteps + finalSteps >= totalSteps) {
    throw new InvalidInputError(
      `adalora: expected more steps than tInit + tFinal, found ${totalSteps} steps, tInit = ${initialSteps} and tFinal = ${finalSteps}. Train longer, or shorten tInit or tFinal.`,
    );
  }
  const interval = Math.max(1, toSteps(options.deltaT, totalSteps));
  const firstMasking = interval * (Math.floor(initialSteps / interval) + 1);
  if (interval > 1 && firstMasking >= totalSteps && finalSteps < 2) {
    throw new InvalidInputError(
      `adalora: expected a step that masks components, found none: deltaT = ${interval}, tInit = ${initialSteps} and tFinal = ${finalSteps} of ${totalSteps} steps. Shorten deltaT, or give tFinal two steps or more.`,
    );
  }
  return {
    initialSteps,
    finalSteps,
    interval,
    totalSteps,
    initialBudget: options.initialRank * sites,
    finalBudget: Math.floor(options.targetRank * sites),
  };
}

/** The cubic schedule of AdaLoRA (arXiv 2303.10512, eq. 14 in the form of its code). Steps count from 0. */
export function budgetAt(schedule: BudgetSchedule, step: number): Budget {
  const { initialSteps, finalSteps, interval, totalSteps, initialBudget, finalBudget } = schedule;
  if (step <= initialSteps) return { components: initialBudget, masks: false };
  if (step > totalSteps - finalSteps) return { components: finalBudget, masks: true };
  const remaining = 1 - (step - initialSteps) / (totalSteps - finalSteps - initialSteps);
  const components = Math.floor(finalBudget + (initialBudget - finalBudget) * remaining ** 3);
  return { components, masks: step % interval === 0 };
}

function toSteps(steps: Steps, totalSteps: number): number {
  return steps < 1 ? Math.round(steps * totalSteps) : steps;
}
