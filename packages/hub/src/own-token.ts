/**
 * `fetch` that sends the token to the Hub alone. The Hub's client follows
 * addresses that answers give, such as the next page of a list, and would send it
 * along wherever they lead. Redirects are `fetch`'s own, which drops it.
 */
export function tokenForHubAlone(inner: typeof fetch, hubUrl: string, token: string | undefined): typeof fetch {
  if (token === undefined) return inner;
  const { origin } = new URL(hubUrl);
  return (input, init) => {
    const isHub = new URL(input instanceof Request ? input.url : input).origin === origin;
    const headers = new Headers(init?.headers);
    if (isHub || headers.get("Authorization") !== `Bearer ${token}`) return inner(input, init);
    headers.delete("Authorization");
    return inner(input, { ...init, headers });
  };
}
