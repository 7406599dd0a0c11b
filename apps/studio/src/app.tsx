import { addressOf, type Place, usePlace } from "./place.ts";
import { ComparePage } from "./runs/compare-page.tsx";
import { RunPage } from "./runs/run-page.tsx";
import { RunsPage } from "./runs/runs-page.tsx";
import { SweepPage } from "./runs/sweep-page.tsx";
import { TryPage } from "./try/try-page.tsx";

export function App() {
  const place = usePlace();
  const isTry = place.page === "try";
  return (
    <>
      <button type="button" class="skip" onClick={() => document.querySelector<HTMLElement>("#main")?.focus()}>
        Skip to the content
      </button>
      <header class="top">
        <a class="brand" href={addressOf({ page: "try" })}>
          B-LoRA <span>studio</span>
        </a>
        <nav aria-label="Pages">
          <a href={addressOf({ page: "try" })} aria-current={isTry ? "page" : undefined}>
            Try
          </a>
          <a href={addressOf({ page: "runs" })} aria-current={isTry ? undefined : "page"}>
            Runs
          </a>
        </nav>
      </header>
      <main id="main" tabIndex={-1}>
        {/* It stays where it is while runs are looked at, so that training goes on. */}
        <div hidden={!isTry}>
          <TryPage />
        </div>
        <Shown place={place} />
      </main>
    </>
  );
}

function Shown({ place }: { readonly place: Place }) {
  if (place.page === "runs") return <RunsPage />;
  if (place.page === "run") return <RunPage key={place.id} id={place.id} />;
  if (place.page === "sweep") return <SweepPage key={place.id} id={place.id} />;
  if (place.page === "compare") return <ComparePage key={place.ids.join()} ids={place.ids} />;
  return null;
}
