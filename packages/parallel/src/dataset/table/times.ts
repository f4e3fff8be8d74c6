// Points in time as text (ISO 8601, in UTC) and back: columns of times are text until an encoding says otherwise.
import { TextBuilder } from "./columns.js";
import type { NumberColumn, TextColumn } from "./table.js";

const DAY = 86_400_000; // milliseconds

/** Milliseconds since 1970, to the last that ISO 8601 in four digits of the year holds. */
const LAST = 253_402_300_799_999;
const FIRST = -62_167_219_200_000; // the year 0

/** Whether text can state a time. */
export function isTime(milliseconds: number): boolean {
  return milliseconds >= FIRST && milliseconds <= LAST;
}

/**
 * A column of milliseconds since 1970 as text: `2024-02-29` when every time is the start of a day, else
 * `2024-02-29T13:05:00Z`, with milliseconds where they are not 0. Every value must be a time.
 */
export function timeColumn(column: NumberColumn): TextColumn {
  const { values, valid, name } = column;
  const isDates = values.every((value, row) => valid?.[row] === 0 || value % DAY === 0);
  const texts = new TextBuilder();
  values.forEach((value, row) => texts.push(valid?.[row] === 0 ? null : timeText(value, isDates)));
  return texts.build(name);
}

function timeText(milliseconds: number, isDate: boolean): string {
  const text = new Date(milliseconds).toISOString();
  return isDate ? text.slice(0, 10) : text.replace(".000Z", "Z");
}

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:(Z)|([+-])(\d\d):?(\d\d))?)?$/;

/**
 * The milliseconds since 1970 of a time in ISO 8601 (`2024-02-29`, `2024-02-29 13:05`, `2024-02-29T13:05:00.5+01:00`),
 * or null. A time that names no zone is taken as UTC.
 */
export function parseTime(text: string): number | null {
  const match = ISO.exec(text.trim());
  if (match === null) return null;
  const part = (i: number): number => Number(match[i] ?? 0);
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(part);
  const date = new Date(0);
  date.setUTCFullYear(year ?? 0, (month ?? 0) - 1, day);
  if (date.getUTCMonth() !== (month ?? 0) - 1 || date.getUTCDate() !== day) return null; // 30 February
  if ((hour ?? 0) > 23 || (minute ?? 0) > 59 || (second ?? 0) > 59) return null;
  const fraction = Number((match[7] ?? "0").padEnd(3, "0").slice(0, 3));
  const offset = (match[9] === "-" ? -1 : 1) * (part(10) * 60 + part(11));
  return (
    date.getTime() +
    (((hour ?? 0) * 60 + (minute ?? 0) - offset) * 60 + (second ?? 0)) * 1000 +
    fraction
  );
}
