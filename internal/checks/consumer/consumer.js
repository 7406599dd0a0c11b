/** What a project that installed four packages does with them: run by plain Node, type-checked by tsc. */
import "@tensorflow/tfjs-backend-cpu";
import { createRegistry, writeManifest } from "@blora/core";
import { hardConcrete } from "@blora/gates";
import { BloraError } from "@blora/spec";
import { ops, valueAndGradients } from "@blora/tensor";

/** @type {(holds: boolean, what: string) => void} */
function assert(holds, what) {
  if (!holds) throw new Error(`Expected that ${what}.`);
}

const registry = createRegistry([hardConcrete]);
const gate = registry.resolve(JSON.parse(JSON.stringify(writeManifest(hardConcrete({ temperature: 0.5 })))), "gate");
const [open, closed] = gate.decide(ops.tensor([6, -6])).dataSync();
assert(open === 1 && closed === 0, "a resolved gate decides as it should");

const { value, gradients } = valueAndGradients((logits) => ops.sum(gate.probabilityOn(logits)), [ops.scalar(0)]);
const probability = /** @type {number} */ (value.dataSync()[0]);
const slope = /** @type {number} */ (gradients[0]?.dataSync()[0]);
assert(Math.abs(slope - probability * (1 - probability)) < 1e-6, "gradients are bundled into @blora/tensor");

/** @type {unknown} */
let error;
try {
  // @ts-expect-error ids are inferred from the list
  registry.create("gate", "hard-concret");
} catch (thrown) {
  error = thrown;
}
assert(BloraError.isInstance(error) && error.message.includes("hard-concrete"), "packages share one error class");
