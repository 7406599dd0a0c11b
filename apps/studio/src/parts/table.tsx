import type { Table } from "@blora/report/page";
import type { ComponentChildren } from "preact";

export function TableOf({ table }: { readonly table: Table }) {
  const { columns, rows, caption, hasRowHeaders = false, summary } = table;
  const areNumbers = columns.map((_, column) => rows.every((cells) => isNumber(cells[column])));
  const shown = (
    // Scrolls by itself where the page is narrow, by keyboard too.
    <Scroll label={caption ?? summary ?? columns.join(", ")}>
      <table>
        {caption === undefined ? null : <caption>{caption}</caption>}
        {columns.every((column) => column === "") ? null : (
          <thead>
            <tr>
              {columns.map((name, column) =>
                name === "" ? (
                  <td />
                ) : (
                  <th scope="col" class={areNumbers[column] ? "number" : ""}>
                    {name}
                  </th>
                ),
              )}
            </tr>
          </thead>
        )}
        <tbody>
          {rows.map((cells) => (
            <tr>
              {cells.map((cell, column) =>
                hasRowHeaders && column === 0 ? (
                  <th scope="row">{cell}</th>
                ) : (
                  <td class={areNumbers[column] ? "number" : ""}>{cell}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
  if (summary === undefined) return shown;
  return (
    <details>
      <summary>{summary}</summary>
      {shown}
    </details>
  );
}

/** What is wider than the page, with a name and a place among what the keyboard reaches. */
export function Scroll({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="table" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

function isNumber(cell: string | undefined): boolean {
  return /^(–|[\d,.]+( %)?)$/.test(cell ?? "");
}
