import { answer, parameters } from "../../../../internal/browser/answer.ts";
import { ops } from "../../../tensor/src/index.ts";
import { onnxWithFiles } from "../../src/web.ts";

/** An engine whose files are not where they should be, asked twice. */
await answer(async () => {
  const engine = onnxWithFiles("/nowhere/")({ provider: parameters().provider as string });
  const ask = () =>
    engine
      .compile({
        name: "square",
        mode: "train",
        inputs: {},
        trainable: { x: [1] },
        frozen: new Map(),
        compute: ({ trainable }) => ({ loss: ops.sum(ops.square(trainable.x!)) }),
      })
      .then(
        () => "compiled",
        (error: Error) => error.message,
      );
  return [await ask(), await ask()];
});
