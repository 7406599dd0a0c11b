import { duration, keyFacts, runSections } from "@blora/report/page";
import { useMemo } from "preact/hooks";
import { Alert } from "../parts/alert.tsx";
import { Facts, Sections } from "../parts/sections.tsx";
import type { Progress, Settings, UnderstoodData } from "./messages.ts";
import { Step } from "./step.tsx";
import { type Actions, isBusy, type Studio } from "./use-studio.ts";

export function TrainStep({ studio, actions }: { readonly studio: Studio; readonly actions: Actions }) {
  const { model, state, settings } = studio;
  return (
    <Step number={3} name="train" title="Train" studio={studio} waitsFor={model ? undefined : "First comes a model."}>
      <MethodFields settings={settings} isFixed={isBusy(studio) || state === "paused"} onChange={actions.set} />
      <div class="tools">
        {state === "training" || state === "pausing" ? (
          <button type="button" disabled={state === "pausing"} onClick={() => actions.pause()}>
            {state === "pausing" ? "Saving…" : "Pause"}
          </button>
        ) : state === "paused" ? (
          <>
            <button type="button" onClick={() => void actions.train(settings, true)}>
              Go on
            </button>
            <button type="button" class="quiet" onClick={() => void actions.train(settings, false)}>
              Start anew
            </button>
          </>
        ) : (
          <button type="button" disabled={isBusy(studio)} onClick={() => void actions.train(settings, false)}>
            {state === "trained" ? "Train again" : "Train"}
          </button>
        )}
        <Pace studio={studio} />
      </div>
      <Alert message={studio.unsaved} />
      <Curves studio={studio} />
    </Step>
  );
}

interface MethodFieldsProps {
  readonly settings: Settings;
  readonly isFixed: boolean;
  onChange(settings: Partial<Settings>): void;
}

/** Budgets of the slider, in shares of LoRA's bit operations. */
const BUDGETS: readonly number[] = [0.0156, 0.0312, 0.0625, 0.125, 0.25, 0.5];

function MethodFields({ settings, isFixed, onChange }: MethodFieldsProps) {
  const { method, budget, epochs, learningRate, maxLength, batchSize } = settings;
  return (
    <fieldset class="method" disabled={isFixed}>
      <legend class="hidden">How it trains</legend>
      <div class="choices two">
        <label class={method === "blora" ? "choice chosen" : "choice"}>
          <input
            type="radio"
            name="method"
            checked={method === "blora"}
            onChange={() => onChange({ method: "blora" })}
          />
          <span>
            B-LoRA<small>Ranks and bit widths are chosen within a budget.</small>
          </span>
        </label>
        <label class={method === "lora" ? "choice chosen" : "choice"}>
          <input type="radio" name="method" checked={method === "lora"} onChange={() => onChange({ method: "lora" })} />
          <span>
            LoRA<small>Rank 8 everywhere, in 32 bit.</small>
          </span>
        </label>
      </div>
      {method === "blora" ? (
        <label class="field">
          <span>
            Budget: <strong>{(100 * budget).toFixed(1)} %</strong> of LoRA's bit operations
          </span>
          <input
            type="range"
            min={0}
            max={BUDGETS.length - 1}
            step={1}
            aria-valuetext={`${(100 * budget).toFixed(1)} per cent`}
            value={BUDGETS.indexOf(budget)}
            onInput={({ currentTarget }) => onChange({ budget: BUDGETS[Number(currentTarget.value)]! })}
          />
        </label>
      ) : null}
      <details>
        <summary>More settings</summary>
        <div class="fields">
          <NumberField
            name="Epochs"
            value={epochs}
            min={1}
            max={100}
            step={1}
            onChange={(value) => onChange({ epochs: value })}
          />
          <NumberField
            name="Learning rate"
            value={learningRate}
            min={0.00001}
            max={0.1}
            step="any"
            onChange={(value) => onChange({ learningRate: value })}
          />
          <NumberField
            name="Rows in a batch"
            value={batchSize}
            min={1}
            max={256}
            step={1}
            onChange={(value) => onChange({ batchSize: value })}
          />
          <NumberField
            name="Longest text, in tokens"
            value={maxLength}
            min={8}
            max={512}
            step={1}
            onChange={(value) => onChange({ maxLength: value })}
          />
          <NumberField
            name="Seed"
            value={settings.seed}
            min={0}
            max={4294967295}
            step={1}
            onChange={(value) => onChange({ seed: value })}
          />
        </div>
      </details>
    </fieldset>
  );
}

interface NumberFieldProps {
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number | "any";
  onChange(value: number): void;
}

function NumberField({ name, value, min, max, step, onChange }: NumberFieldProps) {
  return (
    <label class="field">
      <span>{name}</span>
      <input
        type="number"
        value={value}
        min={min}
        max={max}
        step={step}
        onChange={({ currentTarget }) => {
          if (currentTarget.checkValidity() && currentTarget.value !== "") onChange(Number(currentTarget.value));
          else currentTarget.value = String(value);
        }}
      />
    </label>
  );
}

function Pace({ studio }: { readonly studio: Studio }) {
  const { event, state } = studio;
  if (state === "training" && event === undefined)
    return (
      <span role="status" class="soft">
        Preparing the first step…
      </span>
    );
  if (event === undefined || state === "idle") return null;
  const { step, totalSteps, secondsLeft, phase } = event;
  const left = state === "training" ? `, about ${duration(secondsLeft)} left` : state === "paused" ? ", paused" : "";
  return (
    <span class="pace">
      <progress max={totalSteps} value={step} aria-label="Steps made" />
      <span class="soft">
        step {step} of {totalSteps}
        {phase === undefined ? "" : `, ${phase}`}
        {left}
      </span>
    </span>
  );
}

/** What is known so far: losses, the score beside the majority's, the meter, and the sites as they close. */
function Curves({ studio }: { readonly studio: Studio }) {
  const { progress, notes, understood, settings, ran = settings } = studio;
  const run = useMemo(() => ({ folder: "", config: {}, ...progress }), [progress]);
  const sections = useMemo(() => runSections(run).filter(({ id }) => id !== "environment"), [run]);
  if (progress.steps.length === 0) return null;
  const said = [...notes, ...(progress.summary?.warnings ?? [])];
  return (
    <>
      {progress.summary === undefined ? (
        <Score progress={progress} understood={understood} />
      ) : (
        // A page is not told how much memory it takes.
        <Facts facts={keyFacts(run).filter(({ name }) => name !== "peak memory")} />
      )}
      <Meter progress={progress} settings={ran} />
      {said.length === 0 ? null : (
        <ul class="notes">
          {said.map((note) => (
            <li>{note}</li>
          ))}
        </ul>
      )}
      <Sections sections={sections} />
    </>
  );
}

function Score({
  progress,
  understood,
}: {
  readonly progress: Progress;
  readonly understood: UnderstoodData | undefined;
}) {
  const [last, evaluation] = [progress.steps.at(-1), progress.evaluations.at(-1)];
  const [name = "score", majority] = Object.entries(understood?.majority ?? {})[0] ?? [];
  const score = evaluation?.scores[name];
  return (
    <Facts
      facts={[
        { name: "loss", value: last?.loss?.toFixed(4) ?? "–" },
        {
          name: name.replaceAll("_", " "),
          value: score?.toFixed(4) ?? "–",
          note: majority === undefined ? "not judged yet" : `majority ${majority.toFixed(4)}`,
        },
      ]}
    />
  );
}

function Meter({ progress, settings }: { readonly progress: Progress; readonly settings: Settings }) {
  const ratio = progress.summary?.bops.ratio ?? progress.evaluations.at(-1)?.costRatio;
  if (settings.method !== "blora" || ratio === undefined) return null;
  // The sign stays beside its number where a line ends.
  const share = (value: number) => `${(100 * value).toFixed(1)}\u00a0%`;
  return (
    <div class="field">
      <span id="meter">
        Bit operations: <strong>{share(ratio)}</strong> of LoRA's, budget {share(settings.budget)}
      </span>
      <meter aria-labelledby="meter" min={0} max={1} high={settings.budget * 1.05} optimum={0} value={ratio}>
        {share(ratio)}
      </meter>
    </div>
  );
}
