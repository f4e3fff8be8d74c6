// One table with a column of every type, as values that a program would have: what every file of it must give.

export const ROWS = 150;

const START = 1_700_000_000_000; // milliseconds since 1970
const DAY = 86_400_000;

/** A cell. */
export type Value = number | string | null | readonly number[];

/** A value a row; with `gap`, every so many rows one is missing. */
const column = (value: (i: number) => Value, gap = 0): Value[] =>
  Array.from({ length: ROWS }, (_, i) => (gap > 0 && i % gap === gap - 2 ? null : value(i)));

const texts = ["a", "b, c", 'd "e"', "é", "zoë\u{1f600}"];
const iso = (time: number): string => new Date(time).toISOString().replace(".000Z", "Z");
const moment = (i: number): number => START + (i % 23) * DAY + i * 61_000;

/** Values by column. Truth values, days and times are text, as they are to a model. */
export const columns = {
  int8: column((i) => ((i * 37) % 255) - 127, 7),
  int16: column((i) => ((i * 7919) % 65_535) - 32_767, 9),
  int32: column((i) => ((i * 104_729) % 2_000_003) - 1_000_001, 11),
  int64: column((i) => (i - 70) * 60_000_000_000_000 + i, 8),
  uint8: column((i) => (i * 37) % 256, 7),
  uint16: column((i) => (i * 7919) % 65_536, 9),
  uint32: column((i) => (i * 28_633_115) % 4_294_967_296, 11),
  uint64: column((i) => i * 60_000_000_000_000 + 1, 8),
  float16: column((i) => (i - 75) / 8, 13),
  float32: column((i) => Math.fround(((i * 7919) % 1000) / 64.1 - 5), 10),
  float64: column((i) => ((i * 31) % 97) / 7 - 3, 6),
  decimal: column((i) => (((i * 997) % 20_011) - 10_000) / 100, 12),
  bool: column((i) => String(i % 3 === 0), 13),
  text: column((i) => texts[i % texts.length] ?? "", 17),
  dictionary: column((i) => `value ${(i * i) % 11}`, 5),
  date: column((i) => iso(START - (START % DAY) + (i % 40) * DAY).slice(0, 10), 14),
  seconds: column((i) => iso(moment(i)), 19),
  milliseconds: column((i) => iso(moment(i) + (i % 1000)), 19),
  microseconds: column((i) => iso(moment(i) + ((i * 7) % 1000)), 19),
  nanoseconds: column((i) => iso(moment(i) + ((i * 11) % 1000)), 19),
  floats: column((i) => [i / 4, 1 - i / 8, ((i * 5) % 17) / 16]),
  bytes: column((i) => [i, (i * 7) % 256, 255 - i, 0]),
  y: column((i) => ((i * 29) % 83) / 8),
};

/** The type of each column in SQL, as DuckDB knows it. */
export const sqlTypes = {
  int8: "TINYINT",
  int16: "SMALLINT",
  int32: "INTEGER",
  int64: "BIGINT",
  uint8: "UTINYINT",
  uint16: "USMALLINT",
  uint32: "UINTEGER",
  uint64: "UBIGINT",
  float32: "FLOAT",
  float64: "DOUBLE",
  decimal: "DECIMAL(9, 2)",
  bool: "BOOLEAN",
  text: "VARCHAR",
  dictionary: "ENUM (" + Array.from({ length: 11 }, (_, i) => `'value ${i}'`).join(", ") + ")",
  date: "DATE",
  seconds: "TIMESTAMP_S",
  milliseconds: "TIMESTAMP_MS",
  microseconds: "TIMESTAMP",
  nanoseconds: "TIMESTAMP_NS",
  floats: "FLOAT[]",
  bytes: "UTINYINT[]",
  y: "DOUBLE",
};
