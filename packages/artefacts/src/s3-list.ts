import { BloraError } from "@blora/spec";

/** A page of what a bucket holds. */
export interface ListedPage {
  readonly files: readonly { readonly key: string; readonly bytes: number }[];
  /** Undefined on the last page. */
  readonly next: string | undefined;
}

/** Reads an answer to ListObjectsV2 with `encoding-type=url`. */
export function parseListedPage(xml: string, place: string): ListedPage {
  const files = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, content = ""]) => ({
    key: decodeURIComponent(textOf(content, "Key") ?? "").replaceAll("+", " "),
    bytes: Number(textOf(content, "Size")),
  }));
  if (!/<ListBucketResult[\s>]/.test(xml) || files.some(({ key, bytes }) => key === "" || !Number.isInteger(bytes))) {
    throw new BloraError(`${place}: expected a list of files from the service, found something else.`);
  }
  const isLast = textOf(xml, "IsTruncated") !== "true";
  return { files, next: isLast ? undefined : textOf(xml, "NextContinuationToken") };
}

export function textOf(xml: string, element: string): string | undefined {
  const text = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
  return text?.replaceAll(
    /&(lt|gt|quot|apos|amp|#\d+);/g,
    (_, name: string) => ENTITIES[name] ?? String.fromCodePoint(Number(name.slice(1))),
  );
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
