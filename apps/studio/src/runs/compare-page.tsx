import { compareSections } from "@blora/report/page";
import type { LiveRun } from "../api.ts";
import { Alert } from "../parts/alert.tsx";
import { Sections, Warnings } from "../parts/sections.tsx";
import { addressOf } from "../place.ts";
import { useJson } from "./use-json.ts";
import { addressOfRun } from "./use-run.ts";

const EVERY = 5000;

/** Two runs of the disk beside each other. */
export function ComparePage({ ids }: { readonly ids: readonly [string, string] }) {
  const left = useJson<LiveRun>(addressOfRun(ids[0]), EVERY);
  const right = useJson<LiveRun>(addressOfRun(ids[1]), EVERY);
  const error = left.error ?? right.error;
  const [first, second] = [left.value, right.value];
  return (
    <>
      <h1>Two runs</h1>
      <p class="folder">
        <a href={addressOf({ page: "run", id: ids[0] })}>{ids[0]}</a> and{" "}
        <a href={addressOf({ page: "run", id: ids[1] })}>{ids[1]}</a>
      </p>
      <Alert message={error} />
      {first === undefined || second === undefined ? (
        error === undefined && <p>Reading both…</p>
      ) : (
        <>
          <Warnings sentences={[...first.problems, ...second.problems]} />
          <Sections sections={compareSections([first, second])} />
        </>
      )}
    </>
  );
}
