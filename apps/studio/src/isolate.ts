const TRIED = "isolation-tried";

/**
 * Isolates the page where its host does not: a service worker adds the headers, and the page is loaded once more. Where
 * that is not possible the page stays as it is, with one thread.
 */
export async function isolate(): Promise<void> {
  if (crossOriginIsolated || !("serviceWorker" in navigator)) return;
  try {
    if (sessionStorage.getItem(TRIED) !== null) return;
    sessionStorage.setItem(TRIED, "yes");
    await navigator.serviceWorker.register("./isolation-worker.js");
    await navigator.serviceWorker.ready;
    location.reload();
  } catch {
    // A browser may forbid it, as in private windows.
  }
}
