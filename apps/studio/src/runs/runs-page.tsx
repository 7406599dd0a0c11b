import { useState } from "preact/hooks";
import type { RunEntry, RunList } from "../api.ts";
import { Alert } from "../parts/alert.tsx";
import { Scroll } from "../parts/table.tsx";
import { addressOf } from "../place.ts";
import { agoText, shareText } from "./texts.ts";
import { useJson } from "./use-json.ts";

const EVERY = 3000;

/** Every run below the folders that are searched. */
export function RunsPage() {
  const { value: list, error } = useJson<RunList>("api/runs", EVERY);
  const [wanted, setWanted] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const runs = (list?.runs ?? []).filter((run) => matches(run, wanted));
  const toggle = (id: string) =>
    setChosen(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id].slice(-2));
  return (
    <>
      <h1>Runs</h1>
      <Alert message={error} />
      {list === undefined ? (
        error === undefined && <p>Looking for runs…</p>
      ) : (
        <>
          <p>
            {list.runs.length === 0 ? "No runs yet" : `${list.runs.length} runs`} below {list.folders.join(" and ")}.
            What trains now is updated as it goes.
          </p>
          <Sweeps ids={list.sweeps} />
          {list.runs.length === 0 ? null : (
            <>
              <div class="tools">
                <label>
                  <span>Find</span>
                  <input
                    type="search"
                    placeholder="task, method, folder"
                    value={wanted}
                    onInput={({ currentTarget }) => setWanted(currentTarget.value)}
                  />
                </label>
                <CompareLink chosen={chosen} />
              </div>
              <RunTable runs={runs} chosen={chosen} onToggle={toggle} />
            </>
          )}
        </>
      )}
    </>
  );
}

function Sweeps({ ids }: { readonly ids: readonly string[] }) {
  if (ids.length === 0) return null;
  return (
    <p>
      Sweeps:{" "}
      {ids.map((id, index) => (
        <>
          {index > 0 && ", "}
          <a href={addressOf({ page: "sweep", id })}>{id}</a>
        </>
      ))}
    </p>
  );
}

function CompareLink({ chosen }: { readonly chosen: readonly string[] }) {
  const [first, second] = chosen;
  if (first === undefined || second === undefined) return <span class="soft">Choose two to compare them.</span>;
  return (
    <a class="button" href={addressOf({ page: "compare", ids: [first, second] })}>
      Compare the two chosen
    </a>
  );
}

interface RunTableProps {
  readonly runs: readonly RunEntry[];
  readonly chosen: readonly string[];
  onToggle(id: string): void;
}

function RunTable({ runs, chosen, onToggle }: RunTableProps) {
  return (
    <Scroll label="Runs">
      <table class="runs">
        <thead>
          <tr>
            <th scope="col">
              <span class="hidden">Compare</span>
            </th>
            <th scope="col">run</th>
            <th scope="col">state</th>
            <th scope="col">method</th>
            <th scope="col" class="number">
              score
            </th>
            <th scope="col" class="number">
              bit operations
            </th>
            <th scope="col" class="number">
              step
            </th>
            <th scope="col">changed</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <td>
                <input
                  type="checkbox"
                  aria-label={`Compare ${run.id}`}
                  checked={chosen.includes(run.id)}
                  onChange={() => onToggle(run.id)}
                />
              </td>
              <th scope="row">
                <a href={addressOf({ page: "run", id: run.id })}>{run.id}</a>
                <small>
                  {run.problem ??
                    [run.task, run.model, run.seed === null ? "" : `seed ${run.seed}`].filter(Boolean).join(", ")}
                </small>
              </th>
              <td>
                <State run={run} />
              </td>
              <td>{run.method}</td>
              <td class="number" title={scoreTitle(run)}>
                {run.score?.value?.toFixed(4) ?? "–"}
              </td>
              <td class="number">{shareText(run.costRatio)}</td>
              <td class="number">{run.step}</td>
              <td>{agoText(run.changed, Date.now())}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function State({ run }: { readonly run: RunEntry }) {
  const state = run.problem === null ? run.state : "damaged";
  return <span class={`state ${state}`}>{state}</span>;
}

function scoreTitle({ score }: RunEntry): string {
  if (score === null) return "";
  return score.majority === null ? score.name : `${score.name}; majority ${score.majority.toFixed(4)}`;
}

function matches({ id, task, model, method }: RunEntry, wanted: string): boolean {
  const text = [id, task, model, method].join(" ").toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
