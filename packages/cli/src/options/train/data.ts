// The options of `shardgrad train` that say what is learnt from: the table, its columns and its rows.
import { sqlOption } from "../common.js";
import type { OptionTable } from "../option.js";
import type { Task } from "@shardgrad/parallel";
import { typesOption } from "../use.js";
import {
  columnEncoders,
  columnFills,
  choice,
  integer,
  listOf,
  onOff,
  partOrPath,
  path,
  text,
  TABLE,
} from "../values.js";

/** What a run learns from. */
export interface DataSettings {
  readonly data?: string | undefined;
  readonly sql?: string | undefined;
  readonly target?: readonly string[] | undefined;
  readonly labelSeparator?: string | undefined;
  readonly features?: readonly string[] | undefined;
  readonly drop?: readonly string[] | undefined;
  readonly types?: Readonly<Record<string, "number" | "text">> | undefined;
  readonly encode?: Readonly<Record<string, string>> | undefined;
  readonly impute?: Readonly<Record<string, "mean" | "median" | number>> | undefined;
  readonly markMissing: boolean;
  readonly task?: Task | undefined;
  readonly val: number | string;
  readonly test?: number | string | undefined;
  readonly trainRows?: string | undefined;
  readonly valRows?: string | undefined;
  readonly testRows?: string | undefined;
  readonly stratify: boolean;
  readonly group?: string | undefined;
  readonly time?: string | undefined;
  readonly folds?: number | undefined;
  readonly stream: boolean;
  readonly shuffleBuffer?: number | undefined;
}

const COLUMNS = "column names, separated by commas";
const ROWS_FILE = "a file of row numbers";

export const dataOptions: OptionTable<DataSettings> = {
  data: {
    kind: path(TABLE),
    help: "The table to learn from: CSV, TSV, JSON lines, Parquet, Arrow, NumPy or IDX, plain or gzip; 'part-*.csv' for several files, - for standard input",
    group: "Data",
    positional: true,
    scope: "result",
  },
  sql: sqlOption,
  target: {
    kind: listOf(text("a column name"), COLUMNS),
    help: "Column to predict; several are numbers, or labels of 0 and 1",
    group: "Data",
    defaultWords: "label for IDX files",
    scope: "result",
  },
  labelSeparator: {
    kind: text("a text, such as '|'"),
    help: "What separates the labels that a text to predict lists: a row has any number of them",
    group: "Data",
    scope: "result",
  },
  features: {
    kind: listOf(text("a column name"), COLUMNS),
    help: "Columns to predict from",
    group: "Data",
    defaultWords: "all but the target",
    scope: "result",
  },
  drop: {
    kind: listOf(text("a column name"), COLUMNS),
    help: "Columns to leave out",
    group: "Data",
    scope: "result",
  },
  types: typesOption,
  encode: {
    kind: columnEncoders(),
    help: "How to encode columns: standard, minmax, robust or log1p for numbers; onehot, ordinal (ordinal:small<large), words (words:512), embedding (embedding:8) for text; calendar for times",
    group: "Data",
    defaultWords: "standard for numbers, onehot for text",
    scope: "result",
  },
  impute: {
    kind: columnFills(),
    help: "What missing numbers of a column count as",
    group: "Data",
    defaultWords: "mean",
    scope: "result",
  },
  markMissing: {
    kind: onOff(),
    help: "Give columns with missing values an input that says where (--no-mark-missing for none)",
    group: "Data",
    default: true,
    scope: "result",
  },
  task: {
    kind: choice("classification", "regression", "multilabel"),
    help: "Predict a class, numbers, or any number of labels",
    group: "Data",
    defaultWords:
      "by the target: classification for text, regression for numbers, multilabel for several columns of 0 and 1",
    scope: "result",
  },
  val: {
    kind: partOrPath(),
    help: "Rows scored after each epoch: a part of the rows, drawn by the seed, or a file; 0 for none",
    group: "Data",
    default: 0.1,
    scope: "result",
  },
  test: {
    kind: partOrPath(),
    help: "Rows scored once at the end: a part of the rows, drawn by the seed, or a file",
    group: "Data",
    scope: "result",
  },
  trainRows: {
    kind: path(ROWS_FILE),
    help: "Train on the rows listed in a file: a JSON list (FILE#KEY for a list in an object), or a number a line; 0 is the first row",
    group: "Data",
    scope: "result",
  },
  valRows: {
    kind: path(ROWS_FILE),
    help: "Like --train-rows: rows scored after each epoch",
    group: "Data",
    scope: "result",
  },
  testRows: {
    kind: path(ROWS_FILE),
    help: "Like --train-rows: rows scored at the end",
    group: "Data",
    scope: "result",
  },
  stratify: {
    kind: onOff(),
    help: "Give each class its share of the rows drawn for --val, --test and --folds",
    group: "Data",
    default: false,
    scope: "result",
  },
  group: {
    kind: text("a column name"),
    help: "Keep rows with the same value in this column together when rows are drawn; it is no feature unless named",
    group: "Data",
    scope: "result",
  },
  time: {
    kind: text("a column name"),
    help: "Hold out the latest rows by this column of times or numbers, instead of drawing them",
    group: "Data",
    scope: "result",
  },
  folds: {
    kind: integer(2, 100),
    help: "Cross-validate: train so many times, --workers of them at once, each scoring another part of the rows; prints mean ± sd, writes no run folder",
    group: "Data",
    scope: "session",
  },
  stream: {
    kind: onOff(),
    help: "Read the rows while training, for tables that do not fit into memory: CSV, TSV, JSON lines, Arrow and Parquet files",
    group: "Data",
    default: false,
    scope: "result",
  },
  shuffleBuffer: {
    kind: integer(1, 2 ** 31 - 1),
    help: "With --stream, how many rows that follow one another are shuffled together; two times as many are in memory",
    group: "Data",
    defaultWords: "as many as fit into 16 MiB, at most 262144",
    scope: "result",
  },
};
