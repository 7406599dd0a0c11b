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
    title: "Adapter, as PEFT has it",
    note: "A zip: plain LoRA for PEFT and transformers, and for blora predict.",
  },
  { form: "packed", title: "Packed adapter", note: "At its learned widths, for @blora/inference." },
];

export function TakeStep({ studio, client }: { readonly studio: Studio; readonly client: Client }) {
  const { state, data, choice, settings, progress } = studio;
  const [problem, setProblem] = useState<string>();
  const [isCopied, setIsCopied] = useState(false);
  const command = commandOf(data?.name ?? "rows.csv", choice, settings);
  const take = async (form: Taken) => {
    try {
      const { name, bytes } = await client.call("take", form);
      save(name, bytes);
      setProblem(undefined);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const sizes = progress.summary?.adapterSizes;
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
            <button type="button" class="quiet" onClick={() => void take(form)}>
              {title}
            </button>
            <small>
              {note} {form === "packed" ? sizeText(sizes) : ""}
            </small>
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

function sizeText(sizes: NonNullable<Studio["progress"]["summary"]>["adapterSizes"]): string {
  return sizes === undefined ? "" : `${(sizes.files.packed / 1000).toFixed(1)} kB.`;
}

function save(name: string, bytes: Uint8Array): void {
  const address = URL.createObjectURL(new Blob([bytes as BlobPart]));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
