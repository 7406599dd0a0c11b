import { AskStep } from "./ask-step.tsx";
import { DataStep } from "./data-step.tsx";
import { ModelStep } from "./model-step.tsx";
import { TakeStep } from "./take-step.tsx";
import { TrainStep } from "./train-step.tsx";
import { type Actions, type Studio, useStudio } from "./use-studio.ts";

/** Fine-tunes in this tab, from rows to an adapter. */
export function TryPage() {
  const { studio, actions, client } = useStudio();
  return (
    <>
      <h1>Fine-tune in this tab</h1>
      <p>A small language model learns your labels here, in your browser. Nothing you give it leaves this tab.</p>
      <Facts studio={studio} />
      <Saved studio={studio} actions={actions} />
      <DataStep studio={studio} actions={actions} />
      <ModelStep studio={studio} actions={actions} />
      <TrainStep studio={studio} actions={actions} />
      <AskStep studio={studio} client={client} />
      <TakeStep studio={studio} client={client} />
    </>
  );
}

/** What the tab is allowed to do, and what it did. */
function Facts({ studio }: { readonly studio: Studio }) {
  const { model, requests } = studio;
  return (
    <p class="quietly" role="status">
      {model === undefined ? null : (
        <span>
          <strong>{requests}</strong> {requests === 1 ? "request" : "requests"} since the model was opened.
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
  if (saved === undefined || state !== "idle") return null;
  return (
    <section class="saved" aria-label="A training that was left">
      <p>
        A training on <strong>{saved.data}</strong> was left after step {saved.step}, with {saved.model}.
      </p>
      <div class="tools">
        <button type="button" disabled={busy !== undefined} onClick={() => void actions.restore()}>
          Open it again
        </button>
        <button type="button" class="quiet" disabled={busy !== undefined} onClick={() => void actions.discard()}>
          Forget it
        </button>
      </div>
    </section>
  );
}
