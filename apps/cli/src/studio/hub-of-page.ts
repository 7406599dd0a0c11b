import { escapeHtml } from "@blora/report";

/** Where `index.html` names the Hub. */
const TAG = /<meta name="hub" content="[^"]*">/;

/**
 * The page, with another Hub than its own.
 *
 * @throws Error where the page names none
 */
export function withHub(page: string, hub: string): string {
  if (!TAG.test(page)) throw new Error('index.html: expected <meta name="hub" content="…">, found none.');
  // A function: a $ of the address stands for itself.
  return page.replace(TAG, () => `<meta name="hub" content="${escapeHtml(hub)}">`);
}
