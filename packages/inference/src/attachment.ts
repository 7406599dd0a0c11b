import {
  didYouMean,
  type Feed,
  type FrozenTensor,
  type Head,
  InvalidInputError,
  type Linear,
  type ParameterLookup,
  type StepInputs,
} from "@blora/spec";
import type { HostTensor, Tensor, TensorSpec } from "@blora/tensor";
import { adaptedLinear } from "./adapted-linear.ts";
import type { Network } from "./network.ts";
import type { PlainAdapter } from "./plain-adapter.ts";

/** An adapter on a network, as steps see it: the base is frozen, adapter and head are inputs fed on every run. */
export interface Attachment {
  readonly head: Head;
  /** Longest text, in tokens. */
  readonly maxLength: number;
  readonly frozen: ReadonlyMap<string, FrozenTensor>;
  /** Equal for adapters that one compiled step serves: their tensors have the same shapes. */
  readonly signature: string;
  readonly specs: Readonly<Record<string, TensorSpec>>;
  readonly feeds: Readonly<Record<string, Feed>>;
  /** What `Architecture.forward` needs, from the tensors of a step with `specs` among its inputs. */
  parts(tensors: StepInputs): { readonly lookup: ParameterLookup; readonly linear: Linear };
}

/** Only shapes of a head decide a graph, so equal label counts share it. */
function headSignature(head: Head): string {
  return head.kind === "classification" ? `classification ${head.labels.length}` : head.kind;
}

/**
 * Puts an adapter on a network.
 *
 * @throws InvalidInputError that lists every site the network lacks or has in another shape
 */
export function attach(network: Network, weights: PlainAdapter, origin: string): Attachment {
  const { architecture, config } = network;
  requireSites(network, weights, origin);
  const { frozen, head } = network.bind(weights.head, weights.headTensors);
  const tensors: Record<string, HostTensor> = {};
  for (const [path, { rank, A, B }] of weights.updates) {
    tensors[`${path}/A`] = { shape: [rank, A.length / rank], values: A };
    tensors[`${path}/B`] = { shape: [B.length / rank, rank], values: B };
  }
  for (const [name, tensor] of Object.entries(head)) tensors[headInput(name)] = tensor;
  const entries = Object.entries(tensors);
  return {
    head: weights.head,
    maxLength: Math.min(weights.maxSeqLength, architecture.maxLength(config)),
    frozen,
    signature: [headSignature(weights.head), ...entries.map(([name, { shape }]) => `${name}[${shape}]`)].join(" "),
    specs: Object.fromEntries(entries.map(([name, { shape }]) => [name, { shape, dtype: "float32" }])),
    feeds: Object.fromEntries(entries.map(([name, { values }]) => [name, values])),
    parts({ input, frozen: base }) {
      const find = (name: string): Tensor | undefined =>
        input[headInput(name)] ?? (frozen.has(name) ? base(name) : undefined);
      const updates = [...weights.updates.keys()].map(
        (path) => [path, { A: input[`${path}/A`]!, B: input[`${path}/B`]! }] as const,
      );
      return { lookup: (name) => find(name) ?? base(name), linear: adaptedLinear(find, new Map(updates)) };
    },
  };
}

function headInput(name: string): string {
  return `head:${name}`;
}

function requireSites({ linears, name }: Network, { updates }: PlainAdapter, origin: string): void {
  const known = new Map(linears.map((site) => [site.path, site]));
  const faults = [...updates].flatMap(([path, { rank, A, B }]) => {
    const site = known.get(path);
    if (site === undefined) return [`no linear map ${path}${didYouMean(path, known.keys())}`];
    const { inFeatures: I, outFeatures: O } = site;
    if (A.length === rank * I && B.length === rank * O) return [];
    return [`${path} of shape [${O}, ${I}], the adapter is for [${B.length / rank}, ${A.length / rank}]`];
  });
  if (faults.length === 0) return;
  throw new InvalidInputError(`${origin} does not fit ${name}: found ${faults.join("; ")}.`);
}
