const LAYER = /^(.*?(?:layers?|h|blocks?))\.(\d+)\.(.*)$/;

/** A site's place in a network: which layer, and what it is called there. */
export interface SitePlace {
  readonly layer: number;
  readonly name: string;
}

/** `encoder.layer.3.attention.query` is `attention.query` of layer 3; a path without a layer is of layer 0. */
export function sitePlace(path: string): SitePlace {
  const [, , layer = "0", name = path] = LAYER.exec(path) ?? [];
  return { layer: Number(layer), name };
}
