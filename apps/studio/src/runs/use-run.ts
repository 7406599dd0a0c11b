import type { RunFiles } from "@blora/runs";
import { useEffect, useState } from "preact/hooks";
import type { LiveRun } from "../api.ts";
import { fetchJson } from "./use-json.ts";

type Metrics = Pick<RunFiles, "steps" | "evaluations" | "gates">;

/** A run, kept up with by server-sent events while the page is seen. */
export function useRun(id: string): { readonly run?: LiveRun; readonly error?: string } {
  const [state, setState] = useState<{ run?: LiveRun; error?: string }>({});
  useEffect(() => {
    const address = addressOfRun(id);
    let source: EventSource | undefined;
    const listen = (): EventSource => {
      const opened = new EventSource(`${address}/events`);
      opened.addEventListener("run", ({ data }) => setState({ run: JSON.parse(data) }));
      opened.addEventListener("metrics", ({ data }) =>
        setState(({ run }) => (run === undefined ? {} : { run: grown(run, JSON.parse(data)) })),
      );
      opened.addEventListener("error", async () => {
        // It connects again by itself, unless the server refused; then this asks why.
        if (opened.readyState === EventSource.CONNECTING) {
          return setState(({ run }) => ({ ...(run && { run }), error: "The server does not answer. Trying again…" }));
        }
        const error = await fetchJson(address).then(() => "The connection ended. Load the page again.", String);
        setState(({ run }) => ({ ...(run && { run }), error: error.replace(/^Error: /, "") }));
      });
      return opened;
    };
    // A browser opens six connections to a server: tabs that are not looked at leave them to others.
    const follow = () => {
      if (!document.hidden) source ??= listen();
      else {
        source?.close();
        source = undefined;
      }
    };
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      source?.close();
    };
  }, [id]);
  return state;
}

export function addressOfRun(id: string): string {
  return `api/runs/${encodeURIComponent(id)}`;
}

export function grown(run: LiveRun, { steps, evaluations, gates }: Metrics): LiveRun {
  return {
    ...run,
    steps: [...run.steps, ...steps],
    evaluations: [...run.evaluations, ...evaluations],
    gates: [...run.gates, ...gates],
  };
}
