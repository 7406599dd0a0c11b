import { type Figure, figureSvg, widthOfSvg } from "@blora/report/page";
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** Milliseconds between two drawings of a figure that changes. */
const PAUSE = 1500;

/** Charts up to this many pixels that the page has no room for shrink; wider ones scroll. */
const NARROW = 480;

/** A chart of the reports, drawn for the room there is, and again where that or what it shows has changed. */
export function Chart({ figure }: { readonly figure: Figure }) {
  const [svg, setSvg] = useState("");
  const element = useRef<HTMLElement>(null);
  const room = useRoom(element);
  const drawing = useRef({ wanted: "", drawn: "", isBusy: false, isGone: false });
  const text = room === 0 ? "" : JSON.stringify({ room, spec: figure.spec });
  useEffect(() => {
    const state = drawing.current;
    state.wanted = text;
    if (state.isBusy) return;
    state.isBusy = true;
    void (async () => {
      while (state.wanted !== state.drawn && !state.isGone) {
        state.drawn = state.wanted;
        const { room, spec } = JSON.parse(state.drawn) as { readonly room: number; readonly spec: Figure["spec"] };
        const drawn = await figureSvg({ ...figure, spec }, room).catch(() => "");
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
  const width = widthOfSvg(svg);
  return (
    <figure
      ref={element}
      class={width <= NARROW ? "narrow" : ""}
      id={`figure-${figure.id}`}
      aria-label={figure.caption}
      // What scrolls must be reached by the keyboard.
      tabIndex={width > Math.max(room, NARROW) ? 0 : undefined}
      // Text in charts is escaped by what draws them.
      dangerouslySetInnerHTML={{ __html: svg }}
    />
  );
}

/** Pixels of what holds an element, as the window changes; the last ones where it is hidden, 0 before it was shown. */
function useRoom(element: RefObject<HTMLElement>): number {
  const [room, setRoom] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry!.contentRect.width);
      if (width > 0) setRoom(width);
    });
    observer.observe(element.current!.parentElement!);
    return () => observer.disconnect();
  }, []);
  return room;
}
