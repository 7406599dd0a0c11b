import { chosenFiles } from "./dropped.ts";
import type { ModelChoice } from "./messages.ts";
import { Step } from "./step.tsx";
import { type Actions, isBusy, type Studio } from "./use-studio.ts";

const KINDS: readonly { readonly kind: ModelChoice["kind"]; readonly title: string; readonly note: string }[] = [
  {
    kind: "builtin",
    title: "The built-in model",
    note: "4 MB, English, made for short sentences; comes with this page.",
  },
  {
    kind: "hub",
    title: "A model of the Hugging Face Hub",
    note: "BERT, RoBERTa, DeBERTa or ModernBERT; this browser keeps it.",
  },
  {
    kind: "files",
    title: "A folder of this machine",
    note: "With config.json, model.safetensors and a tokenizer; it can be dropped anywhere here.",
  },
];

export function ModelStep({ studio, actions }: { readonly studio: Studio; readonly actions: Actions }) {
  const { choice, model, understood, busy, download } = studio;
  const isReady = choice.kind === "builtin" || (choice.kind === "hub" ? choice.id !== "" : choice.files.length > 0);
  return (
    <Step
      number={2}
      name="model"
      title="A model"
      studio={studio}
      waitsFor={understood ? undefined : "First come the rows."}
    >
      <fieldset class="choices" disabled={isBusy(studio)}>
        <legend class="hidden">Model</legend>
        {KINDS.map(({ kind, title, note }) => (
          <label key={kind} class={choice.kind === kind ? "choice chosen" : "choice"}>
            <input
              type="radio"
              name="model"
              checked={choice.kind === kind}
              onChange={() => actions.choose(emptyChoice(kind))}
            />
            <span>
              {title}
              <small>{note}</small>
            </span>
          </label>
        ))}
      </fieldset>
      {choice.kind === "hub" ? (
        <label class="field">
          <span>Its id on the Hub</span>
          <input
            type="text"
            value={choice.id}
            spellcheck={false}
            onInput={({ currentTarget }) => actions.choose({ ...choice, id: currentTarget.value.trim() })}
          />
        </label>
      ) : null}
      {choice.kind === "files" ? (
        <div class="tools">
          <label class="button quiet">
            Choose its folder
            <input
              class="hidden"
              type="file"
              multiple
              ref={(input) => input?.setAttribute("webkitdirectory", "")}
              onChange={({ currentTarget }) => actions.choose({ kind: "files", ...chosenFiles(currentTarget.files) })}
            />
          </label>
          {choice.name === "" ? null : (
            <span class="soft">
              {choice.name}: {choice.files.length} {choice.files.length === 1 ? "file" : "files"}
            </span>
          )}
        </div>
      ) : null}
      <div class="tools">
        <button type="button" disabled={!isReady || isBusy(studio)} onClick={() => void actions.openModel(choice)}>
          {model === undefined ? "Open the model" : "Open it again"}
        </button>
        {download === undefined || busy === undefined ? (
          <span role="status" class="soft">
            {busy}
          </span>
        ) : (
          <Downloaded download={download} />
        )}
      </div>
      {model === undefined ? null : (
        <p class="said">
          {model.name}: {model.modelType}, {(model.bytes / 2 ** 20).toFixed(1)} MiB. {model.engine}
        </p>
      )}
    </Step>
  );
}

function emptyChoice(kind: ModelChoice["kind"]): ModelChoice {
  if (kind === "hub") return { kind, id: "sentence-transformers/all-MiniLM-L6-v2", host: hubAddress() };
  return kind === "files" ? { kind, name: "", files: [] } : { kind };
}

/** Of the Hub, or of a stand-in that the page's host names in `index.html`. */
function hubAddress(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="hub"]')!.content.replace(/\/$/, "");
}

function Downloaded({ download: { file, received, total } }: { readonly download: NonNullable<Studio["download"]> }) {
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  return (
    <span class="pace">
      <progress max={total ?? 1} value={total === undefined ? undefined : received} aria-label="Downloaded" />
      <span class="soft">
        {file}: {mebibytes(received)} {total === undefined ? "" : `of ${mebibytes(total)} `}MiB
      </span>
    </span>
  );
}
