import type { CompiledStep, Engine, StepDefinition } from "@blora/spec";

/** Compiled steps by key. */
export interface StepCache {
  /** The step of a key, compiled where it is not kept. Valid until the next call. */
  get(key: string, define: () => StepDefinition): Promise<CompiledStep>;
  /** Milliseconds spent compiling so far. */
  compileMilliseconds(): number;
  /** Releases every step; the cache can be used again. */
  release(): Promise<void>;
}

export interface StepCacheOptions {
  /** Steps kept: the one unused longest makes room. Each holds a graph, not the frozen weights. Default all. */
  readonly capacity?: number;
  onCompile?(name: string, milliseconds: number): void;
}

export function createStepCache(engine: Engine, { capacity = Infinity, onCompile }: StepCacheOptions = {}): StepCache {
  const steps = new Map<string, CompiledStep>();
  let spent = 0;

  const drop = async (key: string): Promise<void> => {
    const step = steps.get(key);
    steps.delete(key);
    await step?.release();
  };

  const compile = async (definition: StepDefinition): Promise<CompiledStep> => {
    const started = performance.now();
    const step = await engine.compile(definition);
    const milliseconds = performance.now() - started;
    spent += milliseconds;
    onCompile?.(definition.name, milliseconds);
    return step;
  };

  return {
    async get(key, define) {
      const known = steps.get(key);
      steps.delete(key);
      const [oldest] = steps.keys();
      if (oldest !== undefined && steps.size >= capacity) await drop(oldest);
      const step = known ?? (await compile(define()));
      steps.set(key, step);
      return step;
    },
    compileMilliseconds: () => spent,
    async release() {
      for (const key of [...steps.keys()]) await drop(key);
    },
  };
}
