import type { CompiledStep, Engine, StepDefinition } from "@blora/spec";

/** Compiled steps of the current layouts. */
export interface StepCache {
  /** The step `key` for a layout signature; compiled once. A new signature releases every step of the old one. */
  get(signature: string, key: string, define: () => StepDefinition): Promise<CompiledStep>;
  /** Milliseconds spent compiling so far. */
  compileMilliseconds(): number;
  release(): Promise<void>;
}

export function createStepCache(engine: Engine, onCompile: (name: string, milliseconds: number) => void): StepCache {
  const steps = new Map<string, CompiledStep>();
  let current: string | undefined;
  let spent = 0;

  const release = async (): Promise<void> => {
    const released = [...steps.values()];
    steps.clear();
    for (const step of released) await step.release();
  };

  return {
    async get(signature, key, define) {
      if (signature !== current) {
        await release();
        current = signature;
      }
      const known = steps.get(key);
      if (known !== undefined) return known;
      const definition = define();
      const started = performance.now();
      const step = await engine.compile(definition);
      const milliseconds = performance.now() - started;
      spent += milliseconds;
      onCompile(definition.name, milliseconds);
      steps.set(key, step);
      return step;
    },
    compileMilliseconds: () => spent,
    release,
  };
}
