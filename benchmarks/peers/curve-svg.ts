const [WIDTH, HEIGHT, MARGIN] = [640, 320, 44];
const COLORS = ["#1d4ed8", "#dc2626"] as const;

/** Lines over a shared axis of steps, as a picture that stands alone. */
export function curveSvg(title: string, curves: Readonly<Record<string, readonly number[]>>): string {
  const all = Object.values(curves).flat();
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const steps = Math.max(...Object.values(curves).map(({ length }) => length));
  const x = (step: number) => MARGIN + (step / Math.max(1, steps - 1)) * (WIDTH - 2 * MARGIN);
  const y = (loss: number) => HEIGHT - MARGIN - ((loss - low) / (high - low || 1)) * (HEIGHT - 2 * MARGIN);
  const text = (left: number, top: number, content: string, color = "#333") =>
    `<text x="${left}" y="${top}" font-family="sans-serif" font-size="12" fill="${color}">${content}</text>`;
  const lines = Object.entries(curves).map(([name, losses], index) => {
    const color = COLORS[index % COLORS.length]!;
    const points = losses.map((loss, step) => `${x(step).toFixed(1)},${y(loss).toFixed(1)}`).join(" ");
    // The second line is dashed, so that both are seen where they agree.
    const dash = index === 0 ? "" : ' stroke-dasharray="6 4"';
    return `<polyline points="${points}" fill="none" stroke="${color}" stroke-width="2"${dash}/>
${text(WIDTH - MARGIN - 60, MARGIN + 16 * index, name, color)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}">
<rect width="100%" height="100%" fill="#fff"/>
${text(MARGIN, 20, title)}
${text(4, y(high), high.toFixed(3))}
${text(4, y(low), low.toFixed(3))}
${text(MARGIN, HEIGHT - 12, "update 1")}
${text(WIDTH - MARGIN - 20, HEIGHT - 12, String(steps))}
${lines.join("\n")}
</svg>
`;
}
