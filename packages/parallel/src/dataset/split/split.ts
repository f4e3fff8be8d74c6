// Which rows train and which are held out.
import { readFile } from "node:fs/promises";
import { permutation } from "@shardgrad/core";
import { InputError, shown } from "../table/input-error.js";
import { readError } from "../read/source.js";

/** The random stream of splits: apart from those that shuffle rows and draw weights with the same seed. */
export const SPLIT_STREAM = 0x73706c69; // "spli"

/** Rows in two parts, each in the order of the rows given. */
export interface Split {
  readonly kept: Int32Array;
  readonly held: Int32Array;
}

/**
 * Holds out a random part of the rows: round(fraction · n) of them, at least one, and at least one is kept.
 * The same rows, fraction and seed give the same split. Throws RangeError when the fraction is not inside (0, 1) or
 * there are fewer than two rows.
 */
export function holdout(rows: Int32Array, fraction: number, seed: number): Split {
  const total = rows.length;
  if (!(fraction > 0 && fraction < 1))
    throw new RangeError(`holdout: a fraction of ${fraction}; it must lie between 0 and 1`);
  if (total < 2) throw new RangeError(`holdout: ${total} rows cannot be split; give at least 2`);
  const count = Math.min(Math.max(Math.round(fraction * total), 1), total - 1);
  const isHeld = new Uint8Array(total);
  for (const position of permutation(total, seed, SPLIT_STREAM).subarray(0, count))
    isHeld[position] = 1;
  return partsOf(rows, isHeld);
}

/** Rows by whether they are held out: row i is where isHeld[i] is 1. */
export function partsOf(rows: Int32Array, isHeld: Uint8Array): Split {
  let count = 0;
  for (let i = 0; i < isHeld.length; i += 1) count += isHeld[i] ?? 0;
  const kept = new Int32Array(rows.length - count);
  const held = new Int32Array(count);
  let [k, h] = [0, 0];
  for (let i = 0; i < rows.length; i += 1)
    if (isHeld[i] === 1) held[h++] = rows[i] ?? 0;
    else kept[k++] = rows[i] ?? 0;
  return { kept, held };
}

/**
 * The row numbers, from 0, that a file lists: JSON (an array, or an object with an array under `key`) or one a line.
 * Throws InputError for a number that is not a row of the table or comes twice.
 */
export async function readRowList(path: string, rows: number, key?: string): Promise<Int32Array> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw readError(path, error);
  }
  const entries = /^\s*[[{]/.test(text) ? jsonRows(path, text, key) : lineRows(text);
  const seen = new Uint8Array(rows);
  const found: number[] = [];
  for (const { value, place } of entries) {
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value >= rows)
      throw new InputError(
        `${path}: ${place}: ${shown(value)} is not a row; rows are whole numbers from 0 to ${rows - 1}`,
      );
    if (seen[value] === 1)
      throw new InputError(`${path}: ${place}: row ${value} is listed twice; remove one`);
    seen[value] = 1;
    found.push(value);
  }
  if (found.length === 0) throw new InputError(`${path}: no rows are listed`);
  return Int32Array.from(found);
}

interface Listed {
  readonly value: unknown;
  readonly place: string;
}

function lineRows(text: string): Listed[] {
  return text
    .split("\n")
    .map((line, i) => ({ text: line.trim(), place: `line ${i + 1}` }))
    .filter((line) => line.text !== "")
    .map((line) => ({
      value: /^\d+$/.test(line.text) ? Number(line.text) : line.text,
      place: line.place,
    }));
}

function jsonRows(path: string, text: string, key: string | undefined): Listed[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InputError(
      `${path}: not JSON: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  const list: unknown = Array.isArray(json)
    ? json
    : new Map(Object.entries(json ?? {})).get(key ?? "");
  if (!Array.isArray(list))
    throw new InputError(
      key === undefined
        ? `${path}: not an array of row numbers`
        : `${path}: neither an array of row numbers nor an object with one under ${shown(key)}`,
    );
  return list.map((value: unknown, i) => ({ value, place: `entry ${i + 1}` }));
}
