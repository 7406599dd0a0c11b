import { type Adapter, InvalidInputError, type JsonObject, type Parameter, type ParameterRecord } from "@blora/spec";

/** Trained adapters by site path, and the trained head: all that evaluation needs besides the frozen network. */
export interface AdapterWeights {
  readonly adapters: ReadonlyMap<string, Adapter>;
  /** By the tensor's name in the checkpoint. */
  readonly head: ParameterRecord;
}

/** Prefix of head parameters among all names; site paths never hold a colon. */
export const HEAD_PREFIX = "head:";

/** Every parameter by one name: `site.path/parameter` and `head:name`. */
export function namedParameters({ adapters, head }: AdapterWeights): Map<string, Parameter> {
  const all = new Map<string, Parameter>();
  for (const [path, { parameters }] of adapters) {
    for (const [name, parameter] of Object.entries(parameters)) all.set(`${path}/${name}`, parameter);
  }
  for (const [name, parameter] of Object.entries(head)) all.set(HEAD_PREFIX + name, parameter);
  return all;
}

/**
 * The way back from `namedParameters`.
 *
 * @param layouts by site path
 * @param origin file or folder, for errors
 * @throws InvalidInputError where a parameter belongs to no site
 */
export function groupParameters(
  layouts: Readonly<Record<string, JsonObject>>,
  parameters: Iterable<readonly [name: string, parameter: Parameter]>,
  origin: string,
): AdapterWeights {
  const adapters = new Map<string, { layout: JsonObject; parameters: Record<string, Parameter> }>();
  for (const [path, layout] of Object.entries(layouts)) adapters.set(path, { layout, parameters: {} });
  const head: Record<string, Parameter> = {};
  for (const [name, parameter] of parameters) {
    if (name.startsWith(HEAD_PREFIX)) {
      head[name.slice(HEAD_PREFIX.length)] = parameter;
      continue;
    }
    const slash = name.indexOf("/");
    const site = adapters.get(name.slice(0, slash));
    if (site === undefined)
      throw new InvalidInputError(`${origin}: expected a layout for the site of ${name}, found none.`);
    site.parameters[name.slice(slash + 1)] = parameter;
  }
  return { adapters, head };
}
