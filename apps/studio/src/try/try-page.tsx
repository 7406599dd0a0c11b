import { useState } from "preact/hooks";
import { AskStep } from "./ask-step.tsx";
import { DataStep } from "./data-step.tsx";
import { droppedFiles } from "./dropped.ts";
import { ModelStep } from "./model-step.tsx";
import { TakeStep } from "./take-step.tsx";
import { TrainStep } from "./train-step.tsx";
import { type Actions, isBusy, type Studio, useStudio } from "./use-studio.ts";

/** Fine-tunes in this tab, from rows to an adapter. */
export function TryPage() {
  const { studio, actions, client } = useStudio();
  const [isOver, setIsOver] = useState(false);
  const drop = async (event: DragEvent) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    setIsOver(false);
    if (isBusy(studio)) return;
    const dropped = event.dataTransfer && (await droppedFiles(event.dataTransfer));
    if (dropped) await actions.take(dropped);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is dropped here can be chosen by buttons too
    <div
      class={isOver ? "over" : ""}
      onDragOver={(event) => {
        if (!bringsFiles(event)) return;
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={({ currentTarget, relatedTarget }) => {
        // Not for what is passed over inside.
        if (!currentTarget.contains(relatedTarget as Node | null)) setIsOver(false);
      }}
      onDrop={(event) => void drop(event)}
    >
      <h1>Fine-tune in this tab</h1>
      <p>A small language model learns your labels here, in your browser. Nothing you give it leaves this tab.</p>
      <Facts studio={studio} />
      <Saved studio={studio} actions={actions} />
      <DataStep studio={studio} actions={actions} />
      <ModelStep studio={studio} actions={actions} />
      <TrainStep studio={studio} actions={actions} />
      <AskStep studio={studio} client={client} />
      <TakeStep studio={studio} client={client} />
    </div>
  );
}

/** Text that is dropped is the textareas' own business. */
function bringsFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes("Files") ?? false;
}

/** What the tab is allowed to do, and what it did. */
function Facts({ studio }: { readonly studio: Studio }) {
  const { model, requests } = studio;
  const count = requests.worker + requests.page;
  return (
    <p class="quietly" role="status">
      {model === undefined ? null : (
        <span>
          <strong>{count}</strong> {count === 1 ? "request" : "requests"} since the model was opened.
        </span>
      )}
      <span>
        {crossOriginIsolated
          ? `Up to ${navigator.hardwareConcurrency} threads.`
          : "One thread: this host does not isolate the page, which threads need."}
      </span>
    </p>
  );
}

function Saved({ studio, actions }: { readonly studio: Studio; readonly actions: Actions }) {
  const { saved, busy, state } = studio;
  if (saved.length === 0 || state !== "idle") return null;
  return (
    <section class="saved" aria-label="Trainings that were left">
      {saved.map(({ id, data, step, model, isFinished }) => (
        <div key={id}>
          <p>
            A training on <strong>{data}</strong>{" "}
            {isFinished ? "was finished, and not taken away" : `was left after step ${step}`}, with {model}.
          </p>
          <div class="tools">
            <button type="button" disabled={busy !== undefined} onClick={() => void actions.restore(id)}>
              Open it again
            </button>
            <button type="button" class="quiet" disabled={busy !== undefined} onClick={() => void actions.discard(id)}>
              Forget it
            </button>
          </div>
        </div>
      ))}
    </section>
  );
}
