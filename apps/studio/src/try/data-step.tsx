import { useEffect, useState } from "preact/hooks";
import { chosenFiles } from "./dropped.ts";
import type { GivenData, UnderstoodData } from "./messages.ts";
import { nameOfRows } from "./rows.ts";
import { sampleCsv } from "./sample.ts";
import { Step } from "./step.tsx";
import { type Actions, isBusy, type Studio } from "./use-studio.ts";

/** Longer rows are not shown: a page is slow to. */
const MOST_SHOWN = 200_000;

export function DataStep({ studio, actions }: { readonly studio: Studio; readonly actions: Actions }) {
  const { data, understood } = studio;
  const [text, setText] = useState("");
  useEffect(() => {
    if (data !== undefined) setText(shownText(data));
  }, [data]);
  const give = (name: string, rows: string) => void actions.understand({ name, files: [{ name, text: rows }] });
  return (
    <Step number={1} name="data" title="Your rows" studio={studio}>
      <p>A text and a label in each row, as CSV, TSV or JSON lines. They stay in this tab.</p>
      <fieldset class="drop" disabled={isBusy(studio)}>
        <legend class="hidden">Where the rows are from</legend>
        <label class="hidden" for="rows">
          Rows
        </label>
        <textarea
          id="rows"
          rows={6}
          spellcheck={false}
          placeholder={"text,label\nThe lamp works perfectly.,good\n…\n\nPaste rows here, or drop a file or a folder."}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        {understood !== undefined && data !== undefined && text !== shownText(data) ? (
          <p role="status">
            These rows were changed after they were read. Read them again: until then the ones of before are learned.
          </p>
        ) : null}
        <div class="tools">
          <button type="button" disabled={text.trim() === ""} onClick={() => give(nameOfRows(text), text)}>
            Read the rows
          </button>
          <label class="button quiet">
            Choose files
            <input
              class="hidden"
              type="file"
              multiple
              accept=".csv,.tsv,.jsonl,.jsonlines,.ndjson,.json,text/csv,text/tab-separated-values"
              onChange={({ currentTarget }) => {
                const chosen = chosenFiles(currentTarget.files);
                if (chosen.files.length > 0) void actions.take(chosen);
                // Choosing the same file once more, after a change, is a choice too.
                currentTarget.value = "";
              }}
            />
          </label>
          <button type="button" class="quiet" onClick={() => give("reviews.csv", sampleCsv())}>
            Use sample rows
          </button>
        </div>
      </fieldset>
      {understood === undefined ? null : <Understood understood={understood} />}
    </Step>
  );
}

/** Of one file; those of a folder are not edited here. Lines end as they do in a textarea. */
function shownText({ files }: GivenData): string {
  const [file] = files;
  return files.length === 1 && file!.text.length <= MOST_SHOWN ? file!.text.replaceAll(/\r\n?/g, "\n") : "";
}

function Understood({ understood }: { readonly understood: UnderstoodData }) {
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
