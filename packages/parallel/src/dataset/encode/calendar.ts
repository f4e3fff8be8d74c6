// Times as features: where they are in the day, the week and the year, and how late they are.
import { scalar } from "@shardgrad/core";
import type { CalendarFeature } from "./encoding.js";
import { InputError, shown } from "../table/input-error.js";
import { placeOf, type Column, type Table } from "../table/table.js";
import { isTime, parseTime } from "../table/times.js";

const DAY = 86_400_000; // milliseconds
const WEEK = 7 * DAY;
const MONDAY = 4 * DAY; // 5 January 1970 was one

/** The time in a row that has one, in milliseconds since 1970. Throws InputError when it is not a time. */
export function calendarTime(table: Table, column: Column, row: number): number {
  const value =
    column.kind === "text"
      ? column.values[column.codes[row] ?? -1]
      : column.kind === "number"
        ? column.values[row]
        : undefined;
  const time = typeof value === "string" ? parseTime(value) : value;
  if (typeof time === "number" && isTime(time)) return time;
  throw new InputError(
    `${placeOf(table, row)}, column ${shown(column.name)}: ${shown(value)} is not a time; write it as 2024-02-29 or 2024-02-29T13:05:00Z`,
  );
}

/** Writes the seven features of a time. */
export function writeCalendar(
  { low, high, center, scale }: CalendarFeature,
  time: number,
  out: Float32Array,
  at: number,
): void {
  const year = new Date(time).getUTCFullYear();
  const start = startOf(year);
  const parts = [
    modulo(time, DAY) / DAY,
    modulo(time - MONDAY, WEEK) / WEEK,
    (time - start) / (startOf(year + 1) - start),
  ];
  parts.forEach((part, i) => {
    const angle = 2 * Math.PI * part;
    out[at + 2 * i] = scalar.sin(angle);
    out[at + 2 * i + 1] = scalar.cos(angle);
  });
  out[at + 6] = (Math.min(Math.max(time, low), high) - center) / scale;
}

/** Milliseconds since 1970 at the start of a year; Date.UTC would take the years 0 to 99 for 1900 to 1999. */
function startOf(year: number): number {
  return new Date(0).setUTCFullYear(year, 0, 1);
}

function modulo(value: number, size: number): number {
  return ((value % size) + size) % size;
}
