import { useState } from "preact/hooks";
import { Alert } from "../parts/alert.tsx";
import type { Client } from "./client.ts";
import { commandOf } from "./command.ts";
import type { Taken } from "./messages.ts";
import { Step } from "./step.tsx";
import type { Studio } from "./use-studio.ts";

const FORMS: readonly { readonly form: Taken; readonly title: string; readonly note: string }[] = [
  {
    form: "peft",
    title: "PEFT adapter",
    note: "For PEFT and transformers, blora predict and @blora/inference.",
  },
  { form: "packed", title: "Packed adapter", note: "At its learned ranks and widths, for @blora/inference." },
  {
    form: "onnx",
    title: "ONNX folder",
    note: "The whole model with the adapter, for transformers.js and ONNX Runtime.",
  },
];

export function TakeStep({ studio, client }: { readonly studio: Studio; readonly client: Client }) {
  const { state, data, choice, settings, ran = settings, sizes } = studio;
  const [problem, setProblem] = useState<string>();
  const [isCopied, setIsCopied] = useState(false);
  const [making, setMaking] = useState<Taken>();
  const command = commandOf(data?.name ?? "rows.csv", choice, ran);
  const take = async (form: Taken) => {
    setMaking(form);
    try {
      const { name, bytes } = await client.call("take", form);
      save(name, bytes);
      setProblem(undefined);
    } catch (error) {
      setProblem((error as Error).message);
    }
    setMaking(undefined);
  };
  return (
    <Step
      number={5}
      name="take"
      title="Take it away"
      studio={studio}
      waitsFor={state === "trained" ? undefined : "First it must be trained."}
    >
      <div class="forms">
        {FORMS.map(({ form, title, note }) => (
          <div key={form}>
            <button type="button" class="quiet" disabled={making !== undefined} onClick={() => void take(form)}>
              {title}
            </button>
            <strong role="status">{making === form ? "Making it…" : sizeText(sizes?.[form])}</strong>
            <small>{note}</small>
          </div>
        ))}
      </div>
      <Alert message={problem} />
      <p>The command that repeats this run on a command line, beside the file of your rows:</p>
      <div class="command">
        <code>{command}</code>
        <button
          type="button"
          class="quiet"
          onClick={() =>
            void navigator.clipboard.writeText(command).then(
              () => setIsCopied(true),
              () => setIsCopied(false),
            )
          }
        >
          {isCopied ? "Copied" : "Copy"}
        </button>
      </div>
    </Step>
  );
}

function sizeText(bytes: number | undefined): string {
  if (bytes === undefined) return "";
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function save(name: string, bytes: Uint8Array): void {
  const address = URL.createObjectURL(new Blob([bytes as BlobPart]));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
