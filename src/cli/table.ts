/** Rows of text under their headings, in columns. What others wrote into them cannot move a terminal's cursor. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings, ...rows].map((row) => row.map(plain));
  const widths = headings.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Without line ends and other control characters. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
