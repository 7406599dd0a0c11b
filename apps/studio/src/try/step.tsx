import type { ComponentChildren } from "preact";
import { Alert } from "../parts/alert.tsx";
import type { StepName, Studio } from "./use-studio.ts";

interface StepProps {
  readonly number: number;
  readonly name: StepName;
  readonly title: string;
  readonly studio: Studio;
  /** Why it cannot be done yet; undefined where it can. */
  readonly waitsFor?: string | undefined;
  readonly children: ComponentChildren;
}

/** A numbered part of the page, with what went wrong in it. */
export function Step({ number, name, title, studio, waitsFor, children }: StepProps) {
  const { error } = studio;
  return (
    <section class={waitsFor === undefined ? "step" : "step waits"} aria-labelledby={`title-${name}`}>
      <h2 id={`title-${name}`}>
        <span class="ordinal">{number}</span>
        {title}
      </h2>
      <div class="content">
        {waitsFor === undefined ? children : <p>{waitsFor}</p>}
        <Alert message={error?.step === name ? error.message : undefined} />
      </div>
    </section>
  );
}
