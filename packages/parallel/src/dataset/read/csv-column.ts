// A column of a CSV file while its cells come in: its type is known when the last one was seen.
import { NumberBuilder, parseNumber, TextBuilder } from "../table/columns.js";
import { InputError, shown } from "../table/input-error.js";
import { listed, type Column, type TextColumn } from "../table/table.js";

/** Cells of a column kept as text, so that its type can still change. Later a change means reading the file again. */
const UNDECIDED_ROWS = 1000;

/** A column while its cells come in. */
export class CsvColumn {
  readonly name: string;
  /** The row and value that showed that the column is not one of numbers. */
  firstText: { readonly line: number; readonly cell: string } | null = null;
  /** Not one of numbers, and found so late that its first cells are gone. */
  late = false;
  readonly #forced: boolean;
  #numbers: NumberBuilder | null;
  #texts: TextBuilder | null;
  #cells: (string | null)[] = []; // the first ones, until the column is seen to be text

  constructor(name: string, type: "number" | "text" | undefined) {
    this.name = name;
    this.#forced = type === "number";
    this.#numbers = type === "text" ? null : new NumberBuilder();
    this.#texts = type === "text" ? new TextBuilder() : null;
  }

  push(cell: string | null, row: number, place: () => { file: string; line: number }): void {
    if (this.late) return;
    if (this.#numbers === null) return this.#texts?.push(cell);
    const value = cell === null ? null : parseNumber(cell);
    if (cell !== null && value === null) return this.#toText(cell, row, place());
    this.#numbers.push(value);
    if (row < UNDECIDED_ROWS && !this.#forced) this.#cells.push(cell);
    return undefined;
  }

  build(): Column {
    const builder = this.#numbers ?? this.#texts ?? new TextBuilder();
    return builder.build(this.name);
  }

  #toText(cell: string, row: number, place: { file: string; line: number }): void {
    if (this.#forced)
      throw new InputError(
        `${place.file}: line ${place.line}, column ${shown(this.name)}: ${shown(cell)} is not a number; correct it, leave it empty or read the column as text`,
      );
    this.firstText = { line: place.line, cell };
    this.#numbers = null;
    if (row >= UNDECIDED_ROWS) {
      this.late = true;
      return;
    }
    this.#texts = new TextBuilder();
    for (const early of this.#cells) this.#texts.push(early);
    this.#cells = [];
    this.#texts.push(cell);
  }
}

/** A note when most cells of a text column are numbers: a typing error there changes what the column is. */
export function nearlyNumbers(
  column: TextColumn,
  found: { readonly line: number; readonly cell: string },
): string[] {
  const isNumber = column.values.map((value) => parseNumber(value) !== null);
  let numbers = 0;
  let texts = 0;
  for (const code of column.codes)
    if (code >= 0) {
      if (isNumber[code] === true) numbers += 1;
      else texts += 1;
    }
  if (numbers <= texts) return [];
  const others = column.values.filter((_, code) => isNumber[code] !== true);
  return [
    `column ${shown(column.name)} is read as text: ${texts} of its ${numbers + texts} cells are not numbers (${listed(others, 3)}; the first on line ${found.line})`,
  ];
}
