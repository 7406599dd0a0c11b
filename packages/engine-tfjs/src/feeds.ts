import { type Feed, InvalidInputError, type StepDefinition } from "@blora/spec";
import { ops, sizeOf, type Tensor, type TensorSpec } from "@blora/tensor";

type Feeds = Readonly<Record<string, Feed>>;

/**
 * Checks that a run was given exactly what its step declares: every input and
 * trainable tensor, of the right type and length. Throws `InvalidInputError`
 * that lists everything wrong.
 */
export function checkFeeds(step: StepDefinition, feeds: Feeds, trainable: Feeds): void {
  const trainableSpecs = Object.fromEntries(
    Object.entries(step.trainable).map(([name, shape]) => [name, { shape, dtype: "float32" as const }]),
  );
  const problems = [
    ...problemsOf("input", step.inputs, feeds),
    ...problemsOf("trainable tensor", trainableSpecs, trainable),
  ];
  if (problems.length > 0) throw new InvalidInputError(`Step "${step.name}" cannot run: ${problems.join("; ")}.`);
}

function problemsOf(kind: string, specs: Readonly<Record<string, TensorSpec>>, feeds: Feeds): string[] {
  const problems: string[] = [];
  for (const [name, { shape, dtype }] of Object.entries(specs)) {
    const values = feeds[name];
    const expected = `${dtype} values of shape [${shape}]`;
    if (values === undefined) problems.push(`${kind} "${name}" is missing, expected ${expected}`);
    else if (values instanceof Float32Array !== (dtype === "float32")) {
      problems.push(`${kind} "${name}" is a ${values.constructor.name}, expected ${expected}`);
    } else if (values.length !== sizeOf(shape)) {
      problems.push(`${kind} "${name}" has ${values.length} values, expected ${expected}`);
    }
  }
  for (const name of Object.keys(feeds)) {
    if (!Object.hasOwn(specs, name)) problems.push(`${kind} "${name}" is not one the step declares`);
  }
  return problems;
}

/** The tensor of one fed input. Truth values are fed as integers. */
export function inputTensor(values: Feed, { shape, dtype }: TensorSpec): Tensor {
  const onBackend = dtype === "bool" ? Uint8Array.from(values, (value) => Number(value !== 0)) : values;
  return ops.tensor(onBackend, [...shape], dtype);
}
