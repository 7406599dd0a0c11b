import { uniform } from "@blora/quantizers";
import { PluginError, type Quantizer } from "@blora/spec";
import { ops } from "@blora/tensor";
import { useCpuBackend } from "@blora/testing";
import { expect, test } from "vitest";
import { createBlora, gate, outputs, storeAt } from "../support/blora.ts";
import { siteOf } from "../support/reference.ts";

useCpuBackend();

test("a gate that does not decide is refused, where its widths would be read as those of no level", async () => {
  const unsure = { ...gate, decide: (logits: Parameters<typeof gate.decide>[0]) => ops.sigmoid(logits) };
  const method = createBlora({ quantizer: uniform({ bits: [0, 2, 4], gate: unsure }) });
  const usage = async () => {
    const store = await storeAt(method, [siteOf("layer.0.query", 6, 5)], 2);
    return method.usage(siteOf("layer.0.query", 6, 5), store.get("layer.0.query"));
  };
  await expect(usage()).rejects.toThrow(PluginError);
  await expect(usage()).rejects.toThrow(
    /^The gates of components: expected one share of 1 and 2 of 0 from "decided", found 0\.\d+, /,
  );
});

test("a quantizer whose rounding or shares are of another shape is named, with both shapes", async () => {
  const right = uniform({ bits: [0, 2, 4], gate });
  const outputsOf = async (wrong: Partial<Quantizer>) => {
    const method = createBlora({ quantizer: { ...right, ...wrong } });
    return outputs(method, await storeAt(method, [siteOf("layer.0.query", 6, 5)], 2), "train");
  };
  await expect(outputsOf({ round: (_, x) => ops.sum(x, 1, true) })).rejects.toThrow(
    new PluginError(
      "round of a quantizer: expected float32 [4, 6], found float32 [4, 1]. testQuantizer of @blora/testing holds plugins to it.",
    ),
  );
  const shares = () => ops.ones([4, 2]);
  await expect(outputsOf({ gates: { ...right.gates!, shares } })).rejects.toThrow(
    new PluginError(
      "shares of a quantizer: expected float32 [4, 3], found float32 [4, 2]. testQuantizer of @blora/testing holds plugins to it.",
    ),
  );
});
