// Numbers and scores as text for people.

/** Whole numbers with a thin separator every three digits: 1,234,567. */
export function count(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

/** A number with about four significant digits and no more length than needed. */
export function short(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return String(value ?? "null");
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(3);
  if (size >= 1000) return size % 1 === 0 ? String(value) : value.toFixed(1);
  return size >= 100 ? value.toFixed(2) : value.toFixed(4);
}

/** A duration: `850 ms`, `12.3 s`, `4m 05s`, `2h 03m`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${pad(Math.floor(seconds % 60))}s`;
  return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
}

/** Scores on one line: `loss 0.1234  accuracy 97.50%`. */
export function scoreLine(scores: Readonly<Record<string, number | null>>): string {
  return Object.entries(scores)
    .map(
      ([name, value]) =>
        `${name} ${name === "accuracy" && value !== null ? `${(value * 100).toFixed(2)}%` : short(value)}`,
    )
    .join("  ");
}

/** A part of 1 as a percentage: 97.50%. */
export function percent(part: number): string {
  return `${(part * 100).toFixed(2)}%`;
}

/** Rows of cells in columns as wide as needed, two spaces apart; numbers to the right where `right` says so. */
export function columns(
  rows: readonly (readonly string[])[],
  right: readonly boolean[] = [],
): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (right[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
