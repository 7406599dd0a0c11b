import type { Architecture, Batch, ForwardInputs, KeyValueCache, LanguageModel } from "@blora/spec";
import { frozenLinear, ops, type Tensor } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { createRandomModel, hostRows } from "./random-model.ts";
import { expectAllClose } from "./values.ts";

const TOLERANCE = { relative: 1e-4, absolute: 2e-5 };
const HEAD = { kind: "language-model" } as const;

type Rows = readonly (readonly number[])[];

/** Registers the laws of an architecture that predicts the next token. `testArchitecture` calls it. */
export function testLanguageModel<Config>(
  architecture: Architecture<Config>,
  languageModel: LanguageModel<Config>,
  json: unknown,
  texts: Rows,
  padding: number,
): void {
  describe("language model laws", () => {
    const longest = texts.reduce((most, text) => (text.length > most.length ? text : most));
    const others = texts.filter((text) => text !== longest);
    const setUp = () => createRandomModel(architecture, json, HEAD);
    type Model = ReturnType<typeof setUp>;
    type Extra = Partial<Pick<ForwardInputs<Config>, "past" | "onKeyValues">>;

    /** Logits at one position of every row. */
    const logitsAt = (model: Model, batch: Omit<Batch, "positions">, places: readonly number[], extra: Extra = {}) => {
      const T = batch.inputIds.shape[1]!;
      const flat = places.map((place, row) => row * T + place);
      const positions = ops.tensor(flat, [flat.length], "int32");
      return architecture.forward({ ...model.inputsOf({ ...batch, positions }), ...extra });
    };
    const lastLogits = (model: Model, text: readonly number[]): Tensor =>
      logitsAt(model, batchOf([text]), [text.length - 1]);

    /** What a pass over texts of one length leaves for those that come after. */
    const remember = (model: Model, rows: Rows): KeyValueCache => {
      const layers: { keys: Tensor; values: Tensor }[] = [];
      const batch = batchOf(rows);
      const onKeyValues = (layer: number, keys: Tensor, values: Tensor): void => {
        layers[layer] = { keys, values };
      };
      logitsAt(
        model,
        batch,
        rows.map(() => 0),
        { onKeyValues },
      );
      return { mask: batch.attentionMask, layers };
    };

    test("later tokens do not matter to the logits of earlier ones", () => {
      const model = setUp();
      const changed = longest.map((id, place) => (place < 2 ? id : longest[longest.length + 1 - place]!));
      const before = logitsAt(model, batchOf([longest]), [1]);
      expectAllClose(logitsAt(model, batchOf([changed]), [1]), before, TOLERANCE);
    });

    test("padding on the left does not change the logits", () => {
      const model = setUp();
      const width = longest.length + 3;
      const padded = texts.map((text) => [...new Array<number>(width - text.length).fill(padding), ...text]);
      const mask = texts.flatMap((text) =>
        Array.from({ length: width }, (_, place) => +(place >= width - text.length)),
      );
      const batch = { ...batchOf(padded), attentionMask: ops.tensor(mask, [texts.length, width]) };
      const rows = hostRows(
        logitsAt(
          model,
          batch,
          texts.map(() => width - 1),
        ),
      );
      for (const [row, text] of texts.entries()) expectAllClose(rows[row]!, lastLogits(model, text), TOLERANCE);
    });

    test("a cache has the shape it is announced with", () => {
      const model = setUp();
      const { layers, heads, headSize } = languageModel.cache(model.config);
      const cache = remember(model, [longest, longest]);
      expect(cache.layers).toHaveLength(layers);
      for (const { keys, values } of cache.layers) {
        expect(keys.shape).toEqual([2, heads, longest.length, headSize]);
        expect(values.shape).toEqual(keys.shape);
      }
    });

    test("tokens after a cache have the logits of the whole text", () => {
      const model = setUp();
      for (const cut of [1, longest.length - 1]) {
        const past = remember(model, [longest.slice(0, cut)]);
        const rest = { ...batchOf([longest.slice(cut)]), positionIds: places([longest.slice(cut)], cut) };
        const logits = logitsAt(model, rest, [longest.length - cut - 1], { past });
        expectAllClose(logits, lastLogits(model, longest), TOLERANCE);
      }
    });

    test("one cached prefix serves all rows of a batch, and its padding is not seen", () => {
      const model = setUp();
      const { mask, layers } = remember(model, [[...longest, padding]]);
      const past = { mask: ops.sub(mask, ops.tensor([...longest.map(() => 0), 1], [1, longest.length + 1])), layers };
      const width = Math.min(...others.map((text) => text.length));
      const rows = others.map((text) => text.slice(0, width));
      const batch = { ...batchOf(rows), positionIds: places(rows, longest.length) };
      const logits = hostRows(
        logitsAt(
          model,
          batch,
          rows.map(() => width - 1),
          { past },
        ),
      );
      for (const [row, text] of rows.entries()) {
        expectAllClose(logits[row]!, lastLogits(model, [...longest, ...text]), TOLERANCE);
      }
    });

    test("texts packed into one row have the logits they have alone", () => {
      const model = setUp();
      const packed = texts.flat();
      const batch = {
        ...batchOf([packed]),
        positionIds: ops.tensor(
          texts.flatMap((text) => [...text.keys()]),
          [1, packed.length],
          "int32",
        ),
        segmentIds: ops.tensor(
          texts.flatMap((text, segment) => text.map(() => segment)),
          [1, packed.length],
          "int32",
        ),
      };
      let end = 0;
      for (const text of texts) {
        end += text.length;
        expectAllClose(logitsAt(model, batch, [end - 1]), lastLogits(model, text), TOLERANCE);
      }
    });

    test("absent positions count from 0", () => {
      const model = setUp();
      const batch = batchOf([longest]);
      const place = longest.length - 1;
      const counted = logitsAt(model, { ...batch, positionIds: places([longest], 0) }, [place]);
      expectAllClose(counted, lastLogits(model, longest), TOLERANCE);
    });

    test("the logits are the unembedded states", () => {
      const model = setUp();
      const states = languageModel.hidden(model.inputsOf(batchOf([longest]))); // [T, H]
      const { weight, bias } = languageModel.unembedding(model.config);
      const logits = frozenLinear(states, model.lookup(weight), bias === undefined ? undefined : model.lookup(bias));
      expectAllClose(hostRows(logits).at(-1)!, lastLogits(model, longest), TOLERANCE);
    });
  });
}

/** Texts of one length. */
function batchOf(rows: Rows): Omit<Batch, "positions"> {
  const shape: [number, number] = [rows.length, rows[0]!.length];
  return { inputIds: ops.tensor(rows.flat(), shape, "int32"), attentionMask: ops.ones(shape) };
}

/** Positions that count on from `first` in every row. */
function places(rows: Rows, first: number): Tensor {
  const values = rows.flatMap((row) => row.map((_, place) => first + place));
  return ops.tensor(values, [rows.length, rows[0]!.length], "int32");
}
