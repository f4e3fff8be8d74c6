// Several tables one below the other.
import { InputError, shown } from "./input-error.js";
import { listed, type Column, type Table } from "./table.js";

/**
 * The rows of all tables, in their order, as one. Columns are those of the first table, found by name in the others.
 * Throws InputError when a table lacks a column, has one more, or has one of another type.
 */
export function concatenate(source: string, tables: readonly Table[]): Table {
  const [first] = tables;
  if (first === undefined) throw new InputError(`${source}: no tables`);
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  for (const table of tables) checkNames(first, table);
  const numbers = new Int32Array(rows);
  const file = new Int32Array(rows);
  let at = 0;
  tables.forEach((table, i) => {
    for (let row = 0; row < table.rows; row += 1)
      numbers[at + row] = table.places.numbers?.[row] ?? table.places.first + row;
    file.fill(i, at, at + table.rows);
    at += table.rows;
  });
  return {
    source,
    rows,
    columns: first.columns.map((column) => {
      const parts = tables.flatMap((table) =>
        table.columns.filter((other) => other.name === column.name),
      );
      return joined(tables, rows, parts);
    }),
    places: {
      noun: first.places.noun,
      first: 1,
      numbers,
      files: { names: tables.map((table) => table.source), file },
    },
    notes: [...new Set(tables.flatMap((table) => table.notes))],
  };
}

/** Columns that are numbers in one table and text in another: to be read again as text in all. */
export function mixedColumns(tables: readonly Table[]): readonly string[] {
  const kinds = new Map<string, Set<string>>();
  for (const { columns } of tables)
    for (const { name, kind } of columns) kinds.set(name, (kinds.get(name) ?? new Set()).add(kind));
  return [...kinds]
    .filter(([, found]) => found.has("number") && found.has("text"))
    .map(([name]) => name);
}

function checkNames(first: Table, table: Table): void {
  const names = new Set(first.columns.map((column) => column.name));
  const own = new Set(table.columns.map((column) => column.name));
  const missing = [...names].filter((name) => !own.has(name));
  const extra = [...own].filter((name) => !names.has(name));
  if (missing.length > 0)
    throw new InputError(
      `${table.source}: has no column ${listed(missing)}, which ${first.source} has; give files with the same columns`,
    );
  if (extra.length > 0)
    throw new InputError(
      `${table.source}: has a column ${listed(extra)}, which ${first.source} has not; give files with the same columns`,
    );
}

function joined(tables: readonly Table[], rows: number, parts: readonly Column[]): Column {
  const [first] = parts;
  if (first === undefined) throw new RangeError("concatenate: no columns");
  parts.forEach((part, i) => {
    const isSame =
      part.kind === first.kind &&
      (part.kind !== "vector" || first.kind !== "vector" || isSameVector(part, first));
    if (!isSame)
      throw new InputError(
        `${tables[i]?.source}: column ${shown(part.name)} is of type ${part.kind}, where ${tables[0]?.source} has ${first.kind}; save both alike`,
      );
  });
  switch (first.kind) {
    case "number": {
      const values = new Float64Array(rows);
      const valid = new Uint8Array(rows).fill(1);
      let isComplete = true;
      forEach(parts, "number", (part, at) => {
        values.set(part.values, at);
        if (part.valid !== null) {
          valid.set(part.valid, at);
          isComplete = false;
        }
        return part.values.length;
      });
      return { ...first, values, valid: isComplete ? null : valid };
    }
    case "text": {
      const codes = new Int32Array(rows);
      const codeOf = new Map<string, number>();
      forEach(parts, "text", (part, at) => {
        const own = part.values.map((value) => {
          const code = codeOf.get(value) ?? codeOf.size;
          codeOf.set(value, code);
          return code;
        });
        part.codes.forEach((code, row) => (codes[at + row] = code < 0 ? -1 : (own[code] ?? -1)));
        return part.codes.length;
      });
      return { ...first, codes, values: [...codeOf.keys()] };
    }
    case "vector": {
      const length = rows * first.width;
      const values =
        first.values instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
      forEach(parts, "vector", (part, at) => {
        values.set(part.values, at * first.width);
        return part.values.length / first.width;
      });
      return { ...first, values };
    }
    case "opaque":
      return first;
  }
}

function isSameVector(
  a: Extract<Column, { kind: "vector" }>,
  b: Extract<Column, { kind: "vector" }>,
): boolean {
  return a.width === b.width && a.values instanceof Uint8Array === b.values instanceof Uint8Array;
}

/** Calls `add` with each part of a kind and its first row; it returns how many rows the part has. */
function forEach<Kind extends Column["kind"]>(
  parts: readonly Column[],
  kind: Kind,
  add: (part: Extract<Column, { kind: Kind }>, at: number) => number,
): void {
  let at = 0;
  for (const part of parts)
    if (part.kind === kind) at += add(part as Extract<Column, { kind: Kind }>, at);
}
