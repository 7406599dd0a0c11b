import type { StepEvent } from "@blora/runs";
import { useEffect, useMemo, useReducer } from "preact/hooks";
import { type Client, createClient } from "./client.ts";
import type {
  GivenData,
  ModelChoice,
  ModelFacts,
  Progress,
  SavedTraining,
  Settings,
  Told,
  UnderstoodData,
} from "./messages.ts";
import { openSavedTraining } from "./saved-training.ts";

/** What the page knows. */
export interface Studio {
  readonly data?: GivenData | undefined;
  readonly understood?: UnderstoodData | undefined;
  readonly choice: ModelChoice;
  readonly model?: ModelFacts | undefined;
  readonly download?: Extract<Told, { told: "download" }> | undefined;
  readonly settings: Settings;
  readonly progress: Progress;
  readonly event?: StepEvent | undefined;
  readonly notes: readonly string[];
  readonly state: "idle" | "training" | "pausing" | "paused" | "trained";
  /** What is being done that is not training, in words. */
  readonly busy?: string | undefined;
  readonly saved?: SavedTraining | undefined;
  readonly requests: number;
  /** What went wrong, in a sentence, and in which step. */
  readonly error?: { readonly step: StepName; readonly message: string } | undefined;
}

export type StepName = "data" | "model" | "train" | "ask" | "take";

const NOTHING: Progress = {
  steps: [],
  evaluations: [],
  gates: [],
  summary: undefined,
  ledger: undefined,
  answers: undefined,
};

const START: Studio = {
  choice: { kind: "builtin" },
  settings: { method: "blora", budget: 0.0625, epochs: 10, learningRate: 5e-4, batchSize: 32, maxLength: 64, seed: 42 },
  progress: NOTHING,
  notes: [],
  state: "idle",
  requests: 0,
};

type Change = Partial<Studio> | ((before: Studio) => Partial<Studio>);

/** Everything the steps do. Each says what goes wrong where it went wrong. */
export interface Actions {
  understand(data: GivenData): Promise<void>;
  choose(choice: ModelChoice): void;
  openModel(choice: ModelChoice): Promise<void>;
  set(settings: Partial<Settings>): void;
  train(settings: Settings, goesOn: boolean): Promise<void>;
  pause(): void;
  restore(): Promise<void>;
  discard(): Promise<void>;
}

export function useStudio(): { readonly studio: Studio; readonly actions: Actions; readonly client: Client } {
  const [studio, change] = useReducer<Studio, Change>(
    (before, given) => ({ ...before, ...(typeof given === "function" ? given(before) : given) }),
    START,
  );
  const client = useMemo(() => createClient((told) => change((before) => hear(before, told))), []);
  const actions = useMemo(() => actionsWith(client, change), [client]);
  useEffect(() => {
    openSavedTraining()
      .describe()
      .then(
        (saved) => change({ saved }),
        () => undefined,
      );
  }, []);
  return { studio, actions, client };
}

function hear({ progress, notes }: Studio, told: Told): Partial<Studio> {
  switch (told.told) {
    case "download":
      return { download: told };
    case "requests":
      return { requests: told.count };
    case "record":
      return { progress: withRecord(progress, told.record) };
    case "event": {
      const { event } = told;
      if (event.type === "step") return { event };
      if (event.type === "warning" || event.type === "note") return { notes: [...notes, event.message] };
      return event.type === "finish" ? { progress: { ...progress, summary: event.summary } } : {};
    }
  }
}

function withRecord(progress: Progress, record: Extract<Told, { told: "record" }>["record"]): Progress {
  if ("gates" in record) return { ...progress, gates: [...progress.gates, record] };
  if ("evaluationLoss" in record) return { ...progress, evaluations: [...progress.evaluations, record] };
  return { ...progress, steps: [...progress.steps, record] };
}

function actionsWith(client: Client, change: (change: Change) => void): Actions {
  /** Does something of a step, and tells what it is and what went wrong. */
  const during = async (step: StepName, busy: string, work: () => Promise<Partial<Studio>>): Promise<void> => {
    change({ busy, error: undefined });
    try {
      change({ ...(await work()), busy: undefined });
    } catch (error) {
      change({ busy: undefined, error: { step, message: (error as Error).message } });
    }
  };
  return {
    understand: (data) =>
      during("data", "Reading the rows…", async () => {
        change({ understood: undefined, data, state: "idle", progress: NOTHING });
        return { understood: await client.call("understand", data) };
      }),
    choose: (choice) => change({ choice, model: undefined, download: undefined, state: "idle" }),
    openModel: (choice) =>
      during("model", "Opening the model…", async () => {
        change({ model: undefined });
        return { model: await client.call("openModel", choice), download: undefined };
      }),
    set: (settings) => change((before) => ({ settings: { ...before.settings, ...settings } })),
    async train(settings, goesOn) {
      change({
        state: "training",
        error: undefined,
        notes: [],
        ...(!goesOn && { progress: NOTHING, event: undefined }),
      });
      try {
        const { isPaused } = await client.call("train", settings, goesOn);
        change({ state: isPaused ? "paused" : "trained", saved: undefined });
      } catch (error) {
        change({ state: "idle", error: { step: "train", message: (error as Error).message } });
      }
    },
    pause() {
      change({ state: "pausing" });
      void client.call("pause");
    },
    restore: () =>
      during("train", "Opening the data and the model…", async () => {
        const { data, understood, model } = await client.call("restore");
        change((before) => ({ settings: before.saved?.settings ?? before.settings }));
        return { data, understood, model, state: "paused", saved: undefined };
      }),
    discard: () =>
      during("train", "Forgetting it…", async () => {
        await client.call("discard");
        return { saved: undefined };
      }),
  };
}
