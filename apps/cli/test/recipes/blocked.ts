import { lora } from "@blora/lora";
import tiny from "./tiny.ts";

const method = lora({ rank: 2 });

/** Longer than any test: a computation that lets no message in. */
function block(): void {
  process.stderr.write("blocked\n");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600_000);
}

/** Never ends its first step, nor its first evaluation. */
const recipe: typeof tiny = {
  ...tiny,
  method: {
    ...method,
    training: { beforeStep: block },
    apply(adapter, x, base, context) {
      if (context.mode === "eval") block();
      return method.apply(adapter, x, base, context);
    },
  },
};

export default recipe;
