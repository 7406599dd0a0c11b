import { loadCharts } from "@blora/report/page";
import type { StepEvent } from "@blora/runs";
import { useEffect, useMemo, useReducer } from "preact/hooks";
import { type Client, createClient } from "./client.ts";
import { type Dropped, isModel } from "./dropped.ts";
import { givenData } from "./given-data.ts";
import type {
  GivenData,
  LogLine,
  ModelChoice,
  ModelFacts,
  Progress,
  SavedTraining,
  Settings,
  Taken,
  Told,
  UnderstoodData,
} from "./messages.ts";
import { countRequests } from "./requests.ts";
import { type ListedTrainings, openSavedTrainings } from "./saved-training.ts";

/** What the page knows. */
export interface Studio {
  readonly data?: GivenData | undefined;
  readonly understood?: UnderstoodData | undefined;
  readonly choice: ModelChoice;
  readonly model?: ModelFacts | undefined;
  readonly download?: Extract<Told, { told: "download" }> | undefined;
  readonly settings: Settings;
  /** What the newest training began with; `settings` may have changed since. */
  readonly ran?: Settings | undefined;
  readonly progress: Progress;
  readonly event?: StepEvent | undefined;
  readonly notes: readonly string[];
  readonly state: "idle" | "training" | "pausing" | "paused" | "trained";
  /** What is being done that is not training, in words. */
  readonly busy?: string | undefined;
  readonly saved: readonly SavedTraining[];
  /** Why this browser does not keep what is learned. */
  readonly unsaved?: string | undefined;
  /** Bytes of what can be taken away. */
  readonly sizes?: Readonly<Record<Taken, number>> | undefined;
  /** Requests since the model was opened, of the worker and of the page. */
  readonly requests: Readonly<Record<"worker" | "page", number>>;
  /** What went wrong, in a sentence, and in which step. */
  readonly error?: { readonly step: StepName; readonly message: string } | undefined;
}

/** Whether something is being done that data or a model of other kind would be in the way of. */
export function isBusy({ busy, state }: Studio): boolean {
  return busy !== undefined || state === "training" || state === "pausing";
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

/** Learning rates to begin with: a model as small as the built-in one takes a large one. */
const [BUILTIN_RATE, OTHERS_RATE] = [2e-3, 5e-4];

const START: Studio = {
  choice: { kind: "builtin" },
  settings: {
    method: "blora",
    budget: 0.0625,
    epochs: 10,
    learningRate: BUILTIN_RATE,
    batchSize: 32,
    maxLength: 64,
    seed: 42,
  },
  progress: NOTHING,
  notes: [],
  saved: [],
  state: "idle",
  requests: { worker: 0, page: 0 },
};

const PAUSED = { state: "paused" } as const;

type Change = Partial<Studio> | ((before: Studio) => Partial<Studio>);

/** Everything the steps do. Each says what goes wrong where it went wrong. */
export interface Actions {
  understand(data: GivenData): Promise<void>;
  /** Takes a model's folder, or the rows of files. */
  take(dropped: Dropped): Promise<void>;
  choose(choice: ModelChoice): void;
  openModel(choice: ModelChoice): Promise<void>;
  set(settings: Partial<Settings>): void;
  train(settings: Settings, goesOn: boolean): Promise<void>;
  pause(): void;
  restore(id: string): Promise<void>;
  discard(id: string): Promise<void>;
}

export function useStudio(): { readonly studio: Studio; readonly actions: Actions; readonly client: Client } {
  const [studio, change] = useReducer<Studio, Change>(
    (before, given) => ({ ...before, ...(typeof given === "function" ? given(before) : given) }),
    START,
  );
  const client = useMemo(() => {
    const onTold = (told: Told): void => change((before) => hear(before, told));
    return createClient(onTold, ({ message }) => {
      const error = { step: "train", message } as const;
      change({ understood: undefined, model: undefined, state: "idle", busy: undefined, error });
      void findSaved(change);
    });
  }, []);
  const actions = useMemo(() => actionsWith(client, change), [client]);
  // Where a browser forbids it, nothing is saved either.
  useEffect(() => void followSaved(change).catch(() => undefined), []);
  return { studio, actions, client };
}

const NOTHING_SAVED: ListedTrainings = { left: [], nextLeft: () => new Promise(() => undefined) };

async function findSaved(change: (change: Change) => void): Promise<ListedTrainings> {
  // Where a browser forbids it, nothing is saved either.
  const listed = await openSavedTrainings()
    .list()
    .catch(() => NOTHING_SAVED);
  change({ saved: listed.left });
  return listed;
}

async function followSaved(change: (change: Change) => void): Promise<never> {
  for (;;) await (await findSaved(change)).nextLeft();
}

function hear({ progress, notes, requests }: Studio, told: Told): Partial<Studio> {
  switch (told.told) {
    case "download":
      return { download: told };
    case "requests":
      return { requests: { ...requests, worker: told.count } };
    case "unsaved":
      return { unsaved: told.message };
    case "started":
      return {};
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

function withRecord(progress: Progress, record: LogLine): Progress {
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
    // A training may have been left for this, or been taken by another tab.
    await findSaved(change);
  };
  const requests = countRequests((page) => change((before) => ({ requests: { ...before.requests, page } })));
  /** From here on nothing is asked for any more: what draws charts comes now. */
  const beginCount = async (): Promise<void> => {
    await loadCharts();
    requests.begin();
  };
  const understood = async (data: GivenData): Promise<Partial<Studio>> => {
    change({ understood: undefined, data, state: "idle", progress: NOTHING });
    return { understood: await client.call("understand", data) };
  };
  const choose = (choice: ModelChoice): void =>
    change((before) => ({
      ...{ choice, model: undefined, download: undefined, error: undefined, state: "idle" },
      ...(choice.kind !== before.choice.kind && {
        settings: { ...before.settings, learningRate: choice.kind === "builtin" ? BUILTIN_RATE : OTHERS_RATE },
      }),
    }));
  return {
    understand: (data) => during("data", "Reading the rows…", () => understood(data)),
    async take({ name, files }) {
      if (isModel({ name, files })) return choose({ kind: "files", name, files });
      await during("data", "Reading the rows…", async () => understood(await givenData(name, files)));
    },
    choose,
    openModel: (choice) =>
      during("model", "Opening the model…", async () => {
        change({ model: undefined });
        const model = await client.call("openModel", choice);
        await beginCount();
        return { model, download: undefined };
      }),
    set: (settings) => change((before) => ({ settings: { ...before.settings, ...settings } })),
    async train(settings, goesOn) {
      change({
        state: "training",
        error: undefined,
        unsaved: undefined,
        sizes: undefined,
        notes: [],
        ran: settings,
        ...(!goesOn && { progress: NOTHING, event: undefined }),
      });
      try {
        const trained = await client.call("train", settings, goesOn);
        if (trained.isPaused) return change(PAUSED);
        const { sizes, ledger, answers } = trained;
        change(({ progress }) => {
          return { state: "trained", sizes, progress: { ...progress, ledger, answers } };
        });
      } catch (error) {
        change({ state: "idle", error: { step: "train", message: (error as Error).message } });
        await findSaved(change);
      }
    },
    pause() {
      change({ state: "pausing" });
      void client.call("pause");
    },
    restore: (id) =>
      during("train", "Opening the data and the model…", async () => {
        const { records, ...opened } = await client.call("restore", id);
        await beginCount();
        const progress = records.reduce(withRecord, NOTHING);
        return { ...opened, ran: opened.settings, progress, event: undefined, ...PAUSED };
      }),
    discard: (id) =>
      during("train", "Forgetting it…", async () => {
        await client.call("discard", id);
        return {};
      }),
  };
}
