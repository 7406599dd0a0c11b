import { join } from "node:path";
import { contextOf, createRequestEncoder } from "@blora/likelihood";
import { loadTokenizer } from "@blora/tokenizer";
import { describe, expect, test } from "vitest";
import { loadRequests, protocols, subjectNames } from "../src/index.ts";

const data = process.env.BLORA_DATA;

describe.skipIf(data === undefined)("requests as tokens of real tokenizers", () => {
  test.each(["Qwen2.5-0.5B", "phi-2"])("%s: context and continuation are those of the whole text", async (name) => {
    const tokenizer = await loadTokenizer(join(data!, "tokenizers", name));
    const requests = await loadRequests(join(data!, "mmlu"), {
      protocol: protocols["lm-evaluation-harness"],
      shots: 1,
      subjects: subjectNames,
      split: "test",
      limit: 3,
    });
    const encode = createRequestEncoder({ tokenizer, maxLength: 1 << 16, overlong: "cut-left" });
    for (const request of requests) {
      const { rows } = encode(request);
      expect(rows, request.id).toHaveLength(1);
      const context = tokenizer.encode(contextOf(request));
      expect(rows[0]!.ids, request.id).toEqual(context);
      const whole = request.continuations.map((text) => tokenizer.encode(contextOf(request) + text));
      expect(rows[0]!.continuations.map(({ ids }) => [...context, ...ids])).toEqual(whole);
    }
  });
});
