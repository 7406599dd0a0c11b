const [WIDTH, HEIGHT, MARGIN] = [640, 320, 44];
const COLORS = ["#1d4ed8", "#dc2626", "#15803d"] as const;
const DASHES = ["", "6 4", "2 3"] as const;

/** Share of the workers' speed that is used, over their number, as a picture that stands alone. */
export function scalingSvg(title: string, lines: Readonly<Record<string, readonly ScalingPoint[]>>): string {
  const counts = Object.values(lines).flatMap((points) => points.map(({ workers }) => workers));
  const most = Math.log10(Math.max(...counts));
  const x = (workers: number): number => MARGIN + (Math.log10(workers) / most) * (WIDTH - 2 * MARGIN);
  const y = (share: number): number => HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN);
  const text = (left: number, top: number, content: string, color = "#333"): string =>
    `<text x="${left.toFixed(1)}" y="${top.toFixed(1)}" font-family="sans-serif" font-size="12" fill="${color}">${content}</text>`;
  const rules = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<line x1="${MARGIN}" x2="${WIDTH - MARGIN}" y1="${y(share)}" y2="${y(share)}" stroke="#ddd"/>
${text(4, y(share) + 4, `${100 * share} %`)}`,
  );
  const marks = Array.from({ length: Math.floor(most) + 1 }, (_, power) =>
    text(x(10 ** power) - 8, HEIGHT - 24, `${10 ** power}`),
  );
  const drawn = Object.entries(lines).map(([name, points], index) => {
    const place = points.map(({ workers, share }) => `${x(workers).toFixed(1)},${y(share).toFixed(1)}`).join(" ");
    const color = COLORS[index % COLORS.length]!;
    const dash = DASHES[index % DASHES.length]!;
    return `<polyline points="${place}" fill="none" stroke="${color}" stroke-width="2"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}/>
${text(MARGIN + 12, y(0) - 12 - 16 * index, name, color)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}">
<title>${title}</title>
<rect width="100%" height="100%" fill="#fff"/>
${text(MARGIN, 20, title)}
${[...rules, ...marks].join("\n")}
${text(WIDTH / 2 - 30, HEIGHT - 6, "workers")}
${drawn.join("\n")}
</svg>
`;
}

export interface ScalingPoint {
  readonly workers: number;
  /** From 0 to 1. */
  readonly share: number;
}
