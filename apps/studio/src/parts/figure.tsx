import { type Figure, figureSvg } from "@blora/report/page";
import { useEffect, useRef, useState } from "preact/hooks";

/** Milliseconds between two drawings of a figure that changes. */
const PAUSE = 1500;

/** Charts up to this many pixels shrink with the page; wider ones scroll. */
const NARROW = 480;

/** A chart of the reports, drawn here, and again where what it shows has changed. */
export function Chart({ figure }: { readonly figure: Figure }) {
  const [svg, setSvg] = useState("");
  const drawing = useRef({ wanted: "", drawn: "", isBusy: false, isGone: false });
  const text = JSON.stringify(figure.spec);
  useEffect(() => {
    const state = drawing.current;
    state.wanted = text;
    if (state.isBusy) return;
    state.isBusy = true;
    void (async () => {
      while (state.wanted !== state.drawn && !state.isGone) {
        state.drawn = state.wanted;
        const drawn = await figureSvg({ ...figure, spec: JSON.parse(state.drawn) }).catch(() => "");
        if (state.isGone) return;
        setSvg(drawn);
        if (state.wanted !== state.drawn) await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
      state.isBusy = false;
    })();
  }, [text]);
  useEffect(
    () => () => {
      drawing.current.isGone = true;
    },
    [],
  );
  return (
    <figure
      class={widthOf(svg) <= NARROW ? "narrow" : ""}
      id={`figure-${figure.id}`}
      aria-label={figure.caption}
      // Text in charts is escaped by what draws them.
      dangerouslySetInnerHTML={{ __html: svg }}
    />
  );
}

function widthOf(svg: string): number {
  return Number(/^<svg[^>]*? width="([\d.]+)"/.exec(svg)?.[1] ?? 0);
}
