import { frontSpec, resultsNote, resultsTables } from "@blora/report/page";
import type { SweepResults } from "../api.ts";
import { Alert } from "../parts/alert.tsx";
import { Chart } from "../parts/figure.tsx";
import { Warnings } from "../parts/sections.tsx";
import { TableOf } from "../parts/table.tsx";
import { useJson } from "./use-json.ts";

const EVERY = 5000;

/** The table of a sweep, and its front. */
export function SweepPage({ id }: { readonly id: string }) {
  const { value, error } = useJson<SweepResults>(`api/sweeps/${encodeURIComponent(id)}`, EVERY);
  const spec = value === undefined ? undefined : frontSpec(value.results);
  return (
    <>
      <h1>{value?.title ?? id}</h1>
      <p class="folder">{id}</p>
      <Alert message={error} />
      {value === undefined ? null : (
        <>
          <p>{resultsNote(value.results).replaceAll(/[*`]/g, "")}</p>
          <Warnings sentences={[...value.problems, ...value.results.failures.map(failureText)]} />
          {spec === undefined ? null : (
            <div class="figures">
              <Chart figure={{ id: "front", caption: "Score against bit operations, a panel for each task", spec }} />
            </div>
          )}
          {resultsTables(value.results).map((table) => (
            <TableOf table={table} />
          ))}
        </>
      )}
    </>
  );
}

function failureText({ task, recipe, seed, error }: SweepResults["results"]["failures"][number]): string {
  return `Failed: ${task}, ${recipe}, seed ${seed}: ${error.split("\n")[0]}`;
}
