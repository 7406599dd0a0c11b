import { renderFitted } from "../charts/fitted.ts";
import { renderSvg } from "../charts/render.ts";
import type { Figure } from "./section.ts";

/** A group whose marks say nothing, such as one without any, which Vega calls a picture: pictures need a text. */
const EMPTY_CONTAINER = /role="graphics-symbol"(?= aria-roledescription="\w+ mark container")/g;

/**
 * A figure as SVG text that may stand beside others in one page: renders number ids from 0, so each gets its own.
 *
 * @param room pixels it has, where it must do with few
 */
export async function figureSvg({ id, spec }: Omit<Figure, "caption">, room?: number): Promise<string> {
  const drawn = await (room === undefined ? renderSvg(spec) : renderFitted(spec, room));
  const svg = drawn.replaceAll(EMPTY_CONTAINER, 'role="graphics-object"');
  return svg.replaceAll(/\bid="([^"]+)"/g, `id="${id}-$1"`).replaceAll(/url\(#([^)]+)\)/g, `url(#${id}-$1)`);
}
