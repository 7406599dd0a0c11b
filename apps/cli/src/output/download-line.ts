import type { DownloadProgress } from "@blora/hub";
import type { Output } from "./progress.ts";

/** Shows how far a download is: a line that is redrawn for each percent on a terminal, a line for each file elsewhere. */
export function createDownloadLine(output: Output): (progress: DownloadProgress) => void {
  let last = "";
  return ({ file, bytes, total }) => {
    const size = `${(total / 1e6).toFixed(1)} MB`;
    const text = output.isTTY
      ? `downloading ${file}  ${Math.floor((100 * bytes) / total)} % of ${size}`
      : `downloading ${file}, ${size}`;
    const end = bytes >= total ? "\n" : "";
    if (text !== last) output.write(output.isTTY ? `\r\u001b[K${text}${end}` : `${text}\n`);
    last = text;
  };
}
