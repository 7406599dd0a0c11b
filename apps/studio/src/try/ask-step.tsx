import { useState } from "preact/hooks";
import { Alert } from "../parts/alert.tsx";
import type { Client } from "./client.ts";
import type { Asked } from "./messages.ts";
import { Step } from "./step.tsx";
import type { Studio } from "./use-studio.ts";

export function AskStep({ studio, client }: { readonly studio: Studio; readonly client: Client }) {
  const { state, understood } = studio;
  const [text, setText] = useState("");
  const [pair, setPair] = useState("");
  const [answer, setAnswer] = useState<{ readonly before: Asked; readonly after: Asked }>();
  const [problem, setProblem] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const ask = async (event: Event) => {
    event.preventDefault();
    setIsBusy(true);
    try {
      const asked = text.trim() === "" ? (understood?.example ?? "") : text;
      setText(asked);
      setAnswer(await client.call("ask", asked, understood?.hasPairs ? pair : undefined));
      setProblem(undefined);
    } catch (error) {
      setProblem((error as Error).message);
    }
    setIsBusy(false);
  };
  return (
    <Step
      number={4}
      name="ask"
      title="Try it"
      studio={studio}
      waitsFor={state === "trained" ? undefined : "First it must be trained."}
    >
      <form onSubmit={(event) => void ask(event)}>
        <label class="field">
          <span>A text</span>
          <textarea
            rows={2}
            value={text}
            placeholder={understood?.example}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        {understood?.hasPairs ? (
          <label class="field">
            <span>The second text</span>
            <textarea rows={2} value={pair} onInput={({ currentTarget }) => setPair(currentTarget.value)} />
          </label>
        ) : null}
        <button type="submit" disabled={isBusy}>
          {isBusy ? "Reading…" : "Ask"}
        </button>
      </form>
      <Alert message={problem} />
      {answer === undefined ? null : (
        <div class="answers" role="status">
          <AnswerOf title="Before training" asked={answer.before} />
          <AnswerOf title="After training" asked={answer.after} />
        </div>
      )}
    </Step>
  );
}

function AnswerOf({ title, asked }: { readonly title: string; readonly asked: Asked }) {
  return (
    <div>
      <h3>{title}</h3>
      <p class="answer">{asked.text}</p>
      <ul class="bars" aria-label={`${title}: how likely every class is`}>
        {asked.probabilities.map(([label, probability]) => (
          <li key={label}>
            <span class="label">{label}</span>
            <span class="bar" style={{ width: `${100 * probability}%` }} />
            <span class="count">{(100 * probability).toFixed(1)} %</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
