import { basename } from "node:path";
import type { RunFiles } from "@blora/runs";
import { keyFacts, runTitle } from "./facts.ts";
import { figureSvg } from "./figure-svg.ts";
import { pageLink } from "./page-link.ts";
import { PAGE_STYLE } from "./page-style.ts";
import type { Figure, Section, Table } from "./section.ts";
import { runSections, runsTable } from "./sections.ts";

/** Name of the page in a run directory. */
export const REPORT_PAGE = "report.html";

/**
 * A run as one HTML page that needs nothing else: figures are SVG, there is no
 * script, and the page forbids itself every request.
 *
 * @param siblings runs to link to, such as other seeds, this run among them
 */
export async function reportHtml(run: RunFiles, siblings: readonly RunFiles[] = [run]): Promise<string> {
  const title = escapeHtml(runTitle(run));
  const sections = await Promise.all(runSections(run).map(sectionHtml));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${title}</h1>
<p class="folder">${escapeHtml(run.folder)}</p>
${siblings.length > 1 ? siblingsHtml(run, siblings) : ""}
</header>
${factsHtml(run)}
${warningsHtml(run)}
${sections.join("\n")}
</main>
</body>
</html>
`;
}

function factsHtml(run: RunFiles): string {
  const items = keyFacts(run).map(({ name, value, note }) => {
    const small = note === undefined ? "" : `<small>${escapeHtml(note)}</small>`;
    return `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}${small}</dd></div>`;
  });
  return `<dl class="facts">${items.join("")}</dl>`;
}

function warningsHtml({ summary }: RunFiles): string {
  const warnings = summary?.warnings ?? [];
  if (warnings.length === 0) return "";
  return `<ul class="warnings">${warnings.map((warning) => `<li>${escapeHtml(warning)}</li>`).join("")}</ul>`;
}

function siblingsHtml(run: RunFiles, siblings: readonly RunFiles[]): string {
  const table = runsTable(siblings);
  const linked = table.rows.map(([folder, ...cells], index) => {
    const href = pageLink(run.folder, siblings[index]!.folder, REPORT_PAGE);
    const name = escapeHtml(basename(folder!));
    const isThis = siblings[index] === run;
    const first = isThis ? `<strong aria-current="page">${name}</strong>` : `<a href="${escapeHtml(href)}">${name}</a>`;
    return [first, ...cells.map(escapeHtml)];
  });
  return `<nav aria-label="Runs">${tableHtml({ columns: table.columns, rows: linked })}</nav>`;
}

async function sectionHtml({ id, title, text, figures = [], tables = [] }: Section): Promise<string> {
  const drawn = await Promise.all(figures.map(figureHtml));
  return `<section id="${id}">
<h2>${escapeHtml(title)}</h2>
${text === undefined ? "" : `<p>${escapeHtml(text)}</p>`}
${drawn.length === 0 ? "" : `<div class="figures">${drawn.join("\n")}</div>`}
${tables.map(foldedTableHtml).join("\n")}
</section>`;
}

async function figureHtml(figure: Figure): Promise<string> {
  const { id, caption } = figure;
  return `<figure id="figure-${escapeHtml(id)}" aria-label="${escapeHtml(caption)}">${await figureSvg(figure)}</figure>`;
}

function foldedTableHtml({ rows, summary, ...given }: Table): string {
  const table = tableHtml({ ...given, rows: rows.map((row) => row.map(escapeHtml)) });
  return summary === undefined ? table : `<details><summary>${escapeHtml(summary)}</summary>${table}</details>`;
}

/** @param table with cells as HTML */
function tableHtml({ columns, rows, caption, hasRowHeaders = false }: Omit<Table, "summary">): string {
  const isNumber = (cell: string | undefined) => /^(–|[\d,.]+( %)?)$/.test(cell ?? "");
  const classes = columns.map((_, column) => (rows.every((cells) => isNumber(cells[column])) ? ' class="number"' : ""));
  const headers = columns.map((name, column) => `<th scope="col"${classes[column]}>${escapeHtml(name)}</th>`).join("");
  const head = columns.every((column) => column === "") ? "" : `<thead><tr>${headers}</tr></thead>`;
  const cellHtml = (cell: string, column: number) =>
    hasRowHeaders && column === 0 ? `<th scope="row">${cell}</th>` : `<td${classes[column]}>${cell}</td>`;
  const body = rows.map((cells) => `<tr>${cells.map(cellHtml).join("")}</tr>`).join("");
  const title = caption === undefined ? "" : `<caption>${escapeHtml(caption)}</caption>`;
  return `<div class="table"><table>${title}${head}<tbody>${body}</tbody></table></div>`;
}

export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
