import type { Adapter, BaseLinear, EncodedAdapter, EncodedParameter, Method, Parameter } from "@blora/spec";
import { transposed } from "@blora/tensor";
import { expect } from "vitest";
import { type Adapters, evaluationContext, outputValues, SITES, unsignedZeros } from "./method-pass.ts";

/**
 * Adapters of which some were encoded and decoded are described and evaluated
 * as they were, to the last bit. Returns how many there are of these.
 */
export function expectEncoded(method: Method, adapters: Adapters, base: (path: string) => BaseLinear): number {
  const decoded = new Map(adapters);
  for (const [path, adapter] of adapters) {
    const encoded = method.artifacts!.encode!(adapter);
    if (encoded !== undefined) decoded.set(path, decodedAdapter(adapter, encoded));
  }
  for (const site of SITES) {
    const [before, after] = [adapters.get(site.path)!, decoded.get(site.path)!];
    expect(method.usage(site, after), `usage of ${site.path}, decoded`).toEqual(method.usage(site, before));
    expect(method.summary(site, after), `summary of ${site.path}, decoded`).toEqual(method.summary(site, before));
    const exported = (adapter: Adapter) => {
      const update = method.export(site, adapter);
      return update && { ...update, A: unsignedZeros(update.A), B: unsignedZeros(update.B) };
    };
    expect(exported(after), `export of ${site.path}, decoded`).toEqual(exported(before));
  }
  const outputs = (of: Adapters) => outputValues(method, of, base, evaluationContext());
  expect(outputs(decoded), "outputs, decoded").toEqual(outputs(adapters));
  return SITES.filter(({ path }) => decoded.get(path) !== adapters.get(path)).length;
}

/** A decoded parameter has the shape and group of the one it was made from. */
function decodedAdapter(adapter: Adapter, { layout, codes, parameters }: EncodedAdapter): Adapter {
  const decoded = Object.entries(codes).flatMap(([name, parameter]): [string, Parameter][] => {
    const original = adapter.parameters[name];
    if (original === undefined) expect.fail(`codes of ${name}, which the adapter does not have`);
    const { scales } = parameter;
    return [
      [name, decodedParameter(name, parameter, original)],
      [`${name}.scales`, { shape: [scales.length], group: "frozen", values: scales }],
    ];
  });
  return { layout, parameters: { ...parameters, ...Object.fromEntries(decoded) } };
}

function decodedParameter(name: string, encoded: EncodedParameter, { shape, group, values }: Parameter): Parameter {
  const { codes, bits, signed, offset, scales, vector } = encoded;
  const [N, K] = [bits.length, codes.length / bits.length];
  expect(codes.length, `codes of ${name}`).toBe(values.length);
  expect(scales.length, `scales of ${name}`).toBe(N);
  if (vector === "all") expect(N, `vectors of ${name}`).toBe(1);
  else expect([...shape], `shape of ${name}`).toEqual(vector === "row" ? [N, K] : [K, N]);
  const vectors = Float32Array.from(codes, (code, index) => {
    const own = Math.floor(index / K);
    const [least, levels] = [signed ? -(2 ** (bits[own]! - 1)) : 0, 2 ** bits[own]!];
    const fits = Number.isInteger(code) && (bits[own] === 0 ? code === 0 : code >= least && code < least + levels);
    expect(fits, `code ${code} of ${name} in ${bits[own]} bits`).toBe(true);
    return (code + offset) * scales[own]!;
  });
  return { shape, group, values: vector === "column" ? transposed(vectors, K) : vectors };
}
