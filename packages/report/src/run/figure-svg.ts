import { renderSvg } from "../charts/render.ts";
import type { Figure } from "./sections.ts";

/** A figure as SVG text that may stand beside others in one page: renders number ids from 0, so each gets its own. */
export async function figureSvg({ id, spec }: Omit<Figure, "caption">): Promise<string> {
  const svg = await renderSvg(spec);
  return svg.replaceAll(/\bid="([^"]+)"/g, `id="${id}-$1"`).replaceAll(/url\(#([^)]+)\)/g, `url(#${id}-$1)`);
}
