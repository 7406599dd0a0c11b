import { useState } from "preact/hooks";
import { Alert } from "../parts/alert.tsx";
import type { GivenData, UnderstoodData } from "./messages.ts";
import { nameOfRows } from "./rows.ts";
import { sampleCsv } from "./sample.ts";
import { Step } from "./step.tsx";
import type { Actions, Studio } from "./use-studio.ts";

/** Beyond this many bytes a file takes a page too long. */
const MOST_BYTES = 64 * 2 ** 20;

export function DataStep({ studio, actions }: { readonly studio: Studio; readonly actions: Actions }) {
  const { data, understood, busy } = studio;
  const [text, setText] = useState("");
  const [isOver, setIsOver] = useState(false);
  const [problem, setProblem] = useState<string>();
  const give = (given: GivenData) => {
    setProblem(undefined);
    setText(given.text.length > 200_000 ? "" : given.text);
    void actions.understand(given);
  };
  const giveFile = async (file: File | undefined) => {
    if (file === undefined) return;
    if (file.size > MOST_BYTES)
      return setProblem(
        `${file.name}: expected at most 64 MiB, found ${(file.size / 2 ** 20).toFixed(0)} MiB. The command line takes any size.`,
      );
    try {
      give({
        name: file.name,
        text: new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer()).replace(/^\uFEFF/, ""),
      });
    } catch {
      setProblem(`${file.name}: expected UTF-8 text, found other bytes.`);
    }
  };
  return (
    <Step number={1} name="data" title="Your rows" studio={studio}>
      <p>A text and a label in each row, as CSV, TSV or JSON lines. They stay in this tab.</p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: what is dropped here can be chosen by the button too */}
      <div
        class={isOver ? "drop over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setIsOver(true);
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setIsOver(false);
          void giveFile(event.dataTransfer?.files[0]);
        }}
      >
        <label class="hidden" for="rows">
          Rows
        </label>
        <textarea
          id="rows"
          rows={6}
          spellcheck={false}
          placeholder={"text,label\nThe lamp works perfectly.,good\n…\n\nPaste rows here, or drop a file."}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <div class="tools">
          <button
            type="button"
            disabled={text.trim() === "" || busy !== undefined}
            onClick={() => give({ name: nameOfRows(text), text })}
          >
            Read the rows
          </button>
          <label class="button quiet">
            Choose a file
            <input
              class="hidden"
              type="file"
              accept=".csv,.tsv,.jsonl,.json,text/csv,text/tab-separated-values"
              onChange={({ currentTarget }) => void giveFile(currentTarget.files?.[0])}
            />
          </label>
          <button type="button" class="quiet" onClick={() => give({ name: "reviews.csv", text: sampleCsv() })}>
            Use sample rows
          </button>
        </div>
      </div>
      <Alert message={problem} />
      {understood === undefined ? null : <Understood understood={understood} name={data?.name ?? ""} />}
    </Step>
  );
}

function Understood({ understood }: { readonly understood: UnderstoodData; readonly name: string }) {
  const { sentence, counts, trainRows, validationRows, notes } = understood;
  const most = Math.max(1, ...counts.map(([, rows]) => rows));
  return (
    <div role="status">
      <p class="said">{sentence}</p>
      {counts.length === 0 ? null : (
        <ul class="bars" aria-label="Rows of each class">
          {counts.slice(0, 12).map(([label, rows]) => (
            <li key={label}>
              <span class="label">{label}</span>
              <span class="bar" style={{ width: `${(100 * rows) / most}%` }} />
              <span class="count">{rows}</span>
            </li>
          ))}
          {counts.length > 12 ? <li class="soft">and {counts.length - 12} more classes</li> : null}
        </ul>
      )}
      <p>
        {trainRows} rows to learn, {validationRows} to judge by.
      </p>
      {notes.length === 0 ? null : (
        <ul class="notes">
          {notes.map((note) => (
            <li>{note}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
