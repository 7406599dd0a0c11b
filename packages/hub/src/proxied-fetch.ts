import { InvalidInputError } from "@blora/spec";
import type { Environment } from "./environment.ts";

/** Value of the first variable that is set, in either case, as curl reads them. */
function firstSet(names: readonly string[], environment: Environment): { name: string; value: string } | undefined {
  for (const name of names.flatMap((each) => [each.toLowerCase(), each])) {
    const value = environment[name]?.trim();
    if (value) return { name, value };
  }
  return undefined;
}

/** Address of a proxy, and the variable that names it, for requests to `url`. */
function proxyFor(url: string, environment: Environment): { name: string; proxy: string } | undefined {
  const schemes = url.startsWith("https:") ? ["HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY"] : ["HTTP_PROXY", "ALL_PROXY"];
  const found = firstSet(schemes, environment);
  if (found === undefined) return undefined;
  const proxy = found.value.includes("://") ? found.value : `http://${found.value}`;
  if (/^https?:\/\//i.test(proxy) && URL.canParse(proxy)) return { name: found.name, proxy };
  // The address may hold a password.
  const scheme = /^[a-z][a-z0-9+.-]*(?=:\/\/)/i.exec(proxy)?.[0];
  throw new InvalidInputError(
    `${found.name}: expected a proxy such as http://host:3128, found ${scheme?.startsWith("http") ? "no address" : `one of ${scheme}`}.`,
  );
}

/**
 * `fetch` that goes through the proxy that the environment names, as curl does: `HTTPS_PROXY`, `HTTP_PROXY` and
 * `ALL_PROXY`, in either case, and around it for the hosts of `NO_PROXY`. Node's own `fetch` where none is named.
 *
 * @throws InvalidInputError for a proxy of another kind than HTTP
 */
export function proxiedFetch(environment: Environment, hubUrl: string): typeof fetch {
  const found = proxyFor(hubUrl, environment);
  if (found === undefined) return fetch;
  const noProxy = firstSet(["NO_PROXY"], environment)?.value ?? "";
  let dispatched: Promise<typeof fetch> | undefined;
  const open = async (): Promise<typeof fetch> => {
    // Imported here: nobody without a proxy waits for it.
    const { EnvHttpProxyAgent, fetch: fetchThrough } = await import("undici");
    const dispatcher = new EnvHttpProxyAgent({ httpProxy: found.proxy, httpsProxy: found.proxy, noProxy });
    return ((input: string | URL, init?: object) =>
      fetchThrough(input, { ...init, dispatcher })) as unknown as typeof fetch;
  };
  return async (input, init) => {
    dispatched ??= open();
    try {
      return await (await dispatched)(input, init);
    } catch (error) {
      if (error instanceof TypeError && error.cause instanceof Error) {
        error.cause.message += ` (through the proxy of ${found.name})`;
      }
      throw error;
    }
  };
}
