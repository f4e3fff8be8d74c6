// Writes the tables of docs/scores.md that are made from others, for other tools to score on the same rows.
// node test/export/score-tables.mjs FOLDER     writes birdstrikes.csv and flights.csv
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTable } from "@shardgrad/parallel";

const vega = (/** @type {string} */ name) =>
  fileURLToPath(new URL(`../node_modules/vega-datasets/data/${name}`, import.meta.url));

/**
 * @param {import("@shardgrad/parallel").Table} table
 * @param {string} name
 * @returns {(row: number) => string} the cell of a column of texts or numbers
 */
function cells(table, name) {
  const column = table.columns.find((one) => one.name === name);
  if (column?.kind === "text") return (row) => column.values[column.codes[row] ?? -1] ?? "";
  if (column?.kind !== "number") throw new Error(`${table.source}: no column ${name}`);
  return (row) => (column.valid?.[row] === 0 ? "" : String(column.values[row]));
}

/**
 * @param {string} path
 * @param {readonly string[]} names
 * @param {readonly ((row: number) => string)[]} columns
 * @param {Iterable<number>} rows
 */
function writeCsv(path, names, columns, rows) {
  const lines = Array.from(rows, (row) => columns.map((cell) => cell(row)));
  const text = [names, ...lines].map((line) => line.map((cell) => JSON.stringify(cell)).join());
  writeFileSync(path, `${text.join("\n")}\n`);
}

/**
 * Bird strikes with "yes" where there was damage, without what it cost; and every fifteenth of three million flights.
 * @param {string} folder
 */
export async function writeScoreTables(folder) {
  mkdirSync(folder, { recursive: true });
  const strikes = await readTable(vega("birdstrikes.csv"));
  const effect = "Effect Amount of damage";
  const known = strikes.columns
    .map(({ name }) => name)
    .filter((name) => name !== effect && !name.startsWith("Cost"));
  const amount = cells(strikes, effect);
  const damage = (/** @type {number} */ row) => (amount(row) === "None" ? "no" : "yes");
  writeCsv(
    join(folder, "birdstrikes.csv"),
    [...known, "damage"],
    [...known.map((name) => cells(strikes, name)), damage],
    Array.from({ length: strikes.rows }, (_, row) => row),
  );
  const flights = await readTable(vega("flights-3m.parquet"));
  const route = ["origin", "destination", "distance"];
  writeCsv(
    join(folder, "flights.csv"),
    route,
    route.map((name) => cells(flights, name)),
    Array.from({ length: Math.floor(flights.rows / 15) }, (_, i) => 15 * i),
  );
}

const [folder] = process.argv.slice(2);
if (process.argv[1] === fileURLToPath(import.meta.url)) await writeScoreTables(folder ?? ".");
