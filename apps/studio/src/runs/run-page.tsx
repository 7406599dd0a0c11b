import { keyFacts, runSections, runTitle } from "@blora/report/page";
import { useMemo } from "preact/hooks";
import { Alert } from "../parts/alert.tsx";
import { Facts, Sections, Warnings } from "../parts/sections.tsx";
import { useRun } from "./use-run.ts";

/** A run of the disk, as it goes on. */
export function RunPage({ id }: { readonly id: string }) {
  const { run, error } = useRun(id);
  const sections = useMemo(() => (run === undefined ? [] : runSections(run)), [run]);
  return (
    <>
      <h1>{run === undefined || Object.keys(run.config).length === 0 ? id : runTitle(run)}</h1>
      <p class="folder">{id}</p>
      <Alert message={error} />
      {run === undefined ? (
        error === undefined && <p>Reading the run…</p>
      ) : (
        <>
          {run.isRunning ? (
            <p role="status">
              <span class="state running">running</span> This page follows it.
            </p>
          ) : null}
          <Warnings sentences={[...run.problems, ...(run.summary?.warnings ?? [])]} />
          <Facts facts={keyFacts(run)} />
          <Sections sections={sections} />
        </>
      )}
    </>
  );
}
