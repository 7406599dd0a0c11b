import type { Fact, Section } from "@blora/report/page";
import { Chart } from "./figure.tsx";
import { TableOf } from "./table.tsx";

/** Parts of a report, as `report.html` shows them. */
export function Sections({ sections }: { readonly sections: readonly Section[] }) {
  return (
    <>
      {sections.map(({ id, title, text, figures = [], tables = [] }) => (
        <section key={id} id={id} class="part">
          <h2>{title}</h2>
          {text === undefined ? null : <p>{text}</p>}
          {figures.length === 0 ? null : (
            <div class="figures">
              {figures.map((figure) => (
                <Chart key={figure.id} figure={figure} />
              ))}
            </div>
          )}
          {tables.map((table) => (
            <TableOf table={table} />
          ))}
        </section>
      ))}
    </>
  );
}

export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(({ name, value, note }) => (
        <div>
          <dt>{name}</dt>
          <dd>
            {value}
            {note === undefined ? null : <small>{note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Sentences that need a look. */
export function Warnings({ sentences }: { readonly sentences: readonly string[] }) {
  if (sentences.length === 0) return null;
  return (
    <ul class="warnings">
      {sentences.map((sentence) => (
        <li>{sentence}</li>
      ))}
    </ul>
  );
}
