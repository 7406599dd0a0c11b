import { useEffect, useState } from "preact/hooks";

/** What the page shows, as the part of its address after `#` says. */
export type Place =
  | { readonly page: "try" }
  | { readonly page: "runs" }
  | { readonly page: "run" | "sweep"; readonly id: string }
  | { readonly page: "compare"; readonly ids: readonly [string, string] };

export function placeOf(hash: string): Place {
  const [page, ...ids] = hash
    .replace(/^#\/?/, "")
    .split("/")
    .map((part) => decoded(part));
  const [first, second] = ids;
  if (page === "compare" && first && second) return { page, ids: [first, second] };
  if ((page === "run" || page === "sweep") && first) return { page, id: first };
  return page === "runs" ? { page } : { page: "try" };
}

export function addressOf(place: Place): string {
  const parts = place.page === "compare" ? place.ids : "id" in place ? [place.id] : [];
  return `#/${[place.page, ...parts].map(encodeURIComponent).join("/")}`;
}

/** The place of the address, as it changes. */
export function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const follow = () => {
      setPlace(placeOf(location.hash));
      scrollTo(0, 0);
    };
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return place;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
