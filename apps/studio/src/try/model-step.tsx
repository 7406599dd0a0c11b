import type { ModelChoice } from "./messages.ts";
import { Step } from "./step.tsx";
import type { Actions, Studio } from "./use-studio.ts";

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
    note: "With config.json, model.safetensors and the tokenizer's files.",
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
      <fieldset class="choices">
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
            onInput={({ currentTarget }) => actions.choose({ kind: "hub", id: currentTarget.value.trim() })}
          />
        </label>
      ) : null}
      {choice.kind === "files" ? (
        <label class="field">
          <span>Its folder</span>
          <input
            type="file"
            multiple
            ref={(input) => input?.setAttribute("webkitdirectory", "")}
            onChange={({ currentTarget }) => actions.choose(folderChoice([...(currentTarget.files ?? [])]))}
          />
        </label>
      ) : null}
      <div class="tools">
        <button type="button" disabled={!isReady || busy !== undefined} onClick={() => void actions.openModel(choice)}>
          {model === undefined ? "Open the model" : "Open it again"}
        </button>
        <span role="status" class="soft">
          {download === undefined || busy === undefined ? busy : downloadText(download)}
        </span>
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
  if (kind === "hub") return { kind, id: "sentence-transformers/all-MiniLM-L6-v2" };
  return kind === "files" ? { kind, name: "", files: [] } : { kind };
}

function folderChoice(files: readonly File[]): ModelChoice {
  // Of a folder the files right in it.
  const own = files.filter(({ webkitRelativePath }) => webkitRelativePath.split("/").length <= 2);
  const [folder = "the folder"] = own[0]?.webkitRelativePath.split("/") ?? [];
  return { kind: "files", name: folder, files: own };
}

function downloadText({ file, received, total }: NonNullable<Studio["download"]>): string {
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  return total === undefined
    ? `${file}: ${mebibytes(received)} MiB`
    : `${file}: ${mebibytes(received)} of ${mebibytes(total)} MiB`;
}
