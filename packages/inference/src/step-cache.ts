import type { CompiledStep, Engine, StepDefinition } from "@blora/spec";

/** Compiled steps by key. The one unused longest makes room: each holds a graph, not the frozen weights. */
export interface StepCache {
  /** The step of a key, compiled where it is not kept. Valid until the next call. */
  get(key: string, define: () => StepDefinition): Promise<CompiledStep>;
  release(): Promise<void>;
}

export const STEPS_KEPT = 24;

export function createStepCache(engine: Engine): StepCache {
  const steps = new Map<string, CompiledStep>();

  const drop = async (key: string): Promise<void> => {
    const step = steps.get(key);
    steps.delete(key);
    await step?.release();
  };

  return {
    async get(key, define) {
      const known = steps.get(key);
      steps.delete(key);
      const [oldest] = steps.keys();
      if (oldest !== undefined && steps.size >= STEPS_KEPT) await drop(oldest);
      const step = known ?? (await engine.compile(define()));
      steps.set(key, step);
      return step;
    },
    async release() {
      for (const key of [...steps.keys()]) await drop(key);
    },
  };
}
