// What a training run learns from: the table, its encoding, and which rows train, validate and test.
import {
  allRows,
  columnOf,
  encode,
  fitEncoding,
  foldsBy,
  holdoutBy,
  lintTraining,
  InputError,
  placeOf,
  QUERY,
  readRowList,
  readTable,
  selectRows,
  tableFiles,
  targetColumns,
  typesOf,
  unknownLabels,
  type Column,
  type Dataset,
  type DatasetStream,
  type Encoding,
  type SplitRule,
  type Table,
} from "@shardgrad/parallel";
import { taskOf } from "./model.js";
import { readPlace } from "./table-source.js";
import { fingerprintRows } from "./fingerprint.js";
import type { TrainSettings } from "./options/train.js";
import type { Manifest } from "./run-folder.js";
import { loadStreamedData, streamedHeldOut } from "./streamed-data.js";
import { UsageError } from "./usage-error.js";

/** Which of the runs of --folds it is. The first reads the table and draws all folds, the others share them. */
export interface Fold {
  readonly index: number;
  readonly first?: TrainingData | undefined;
}

/** Encoded rows and where they come from. */
export interface TrainingData {
  /** All rows as they were read; null when they are streamed. */
  readonly table: Table | null;
  readonly encoding: Encoding;
  readonly train: Dataset | DatasetStream;
  readonly validation: Dataset | null;
  readonly test: Dataset | null;
  /** What the manifest says of the rows; hashes their numbers. */
  readonly splits: () => Manifest["splits"];
  /** The rows of every fold; of the only run without --folds; none when they are streamed. */
  readonly folds: readonly Parts[];
  /** What reading and encoding the rows has found worth telling. */
  readonly notes: readonly string[];
  /** Looks for faults in the rows, which takes time; none of a later fold, whose rows are those of the first. */
  readonly lint: () => readonly string[];
  /** What messages call a training row, e.g. `penguins.csv: line 4`. */
  readonly placeOfRow: (row: number) => string;
  /** What is in a training row, e.g. `age 41, town Ulm, price 1e+39`. */
  readonly wordsOfRow: (row: number) => string;
}

/** Rows of a table, and how they were chosen. */
export interface Part {
  readonly table: Table;
  readonly rows: Int32Array;
  readonly from: string;
  /** True for rows that the seed has chosen. */
  readonly drawn?: true;
}

/** Which rows a run learns from and which score it. */
export interface Parts {
  readonly train: Part;
  readonly validation: Part | null;
  readonly test: Part | null;
}

/** Reads and splits the tables; what is learnt for encoding (means, categories) comes from training rows alone. */
export async function loadTrainingData(
  settings: TrainSettings,
  { index, first }: Fold = { index: 0 },
): Promise<TrainingData> {
  if (settings.stream) return loadStreamedData(settings);
  const table = first?.table ?? (await readPlace(settings, { types: settings.types }));
  for (const name of Object.keys(settings.types ?? {})) columnOf(table, name); // a misspelt name would do nothing
  const targets = settings.target ?? [defaultTarget(table)];
  const folds = first?.folds ?? (await chooseRows(settings, table));
  const parts = folds[index];
  if (parts === undefined) throw new RangeError(`fold ${index} of ${folds.length}`);
  const { train, validation, test } = parts;
  const { features, task, labelSeparator, encode: encoders, impute, markMissing } = settings;
  const encoding = fitEncoding(table, train.rows, {
    target: targets,
    features,
    drop: droppedColumns(settings, targets),
    task,
    labelSeparator,
    encode: encoders,
    impute,
    markMissing,
  });
  const encoded = (part: Part | null): Dataset | null =>
    part && encodePart(encoding, part, settings);
  const used = new Set([
    ...encoding.features.map(({ column }) => column),
    ...targetColumns(encoding.target),
  ]);
  return {
    table,
    encoding,
    train: encode(encoding, train.table, train.rows),
    validation: encoded(validation),
    test: encoded(test),
    splits: () =>
      Object.fromEntries(
        Object.entries(parts).flatMap(([name, part]: [string, Part | null]) =>
          part
            ? [
                [
                  name,
                  { rows: part.rows.length, from: part.from, sha256: fingerprintRows(part.rows) },
                ],
              ]
            : [],
        ),
      ),
    folds,
    notes: [...table.notes, ...encoding.notes, ...unseenLabels(encoding, { validation, test })],
    lint: () =>
      first === undefined
        ? lintTraining({
            target: targets,
            task: taskOf(encoding.target),
            features: encoding.features.map((feature) => feature.column),
            train,
            scored: { validation, test },
          })
        : [],
    wordsOfRow: (row) =>
      table.columns
        .filter(({ name }) => used.has(name))
        .slice(0, MOST_CELLS)
        .map((column) => cellWords(column, train.rows[row] ?? 0))
        .join(", ") + (used.size > MOST_CELLS ? ", …" : ""),
    placeOfRow: (row) => placeOf(table, train.rows[row] ?? 0),
  };
}

/** Labels of scored rows that no training row has: they are not scored. */
function unseenLabels(
  { target }: Encoding,
  parts: Readonly<Record<string, Part | null>>,
): readonly string[] {
  if (target.kind !== "labels") return [];
  return Object.entries(parts).flatMap(([name, part]) => {
    const unknown = part ? unknownLabels(target, part.table, part.rows) : [];
    if (unknown.length === 0) return [];
    return [
      `${name} rows have ${unknown.length} labels that no training row has, which are not scored, e.g. ${unknown.slice(0, 3).join(", ")}`,
    ];
  });
}

/** Columns that are told of a row. */
const MOST_CELLS = 12;

function cellWords(column: Column, row: number): string {
  switch (column.kind) {
    case "number":
      return `${column.name} ${column.valid?.[row] === 0 ? "missing" : column.values[row]}`;
    case "text":
      return `${column.name} ${column.values[column.codes[row] ?? -1] ?? "missing"}`;
    case "vector":
      return `${column.name} of ${column.width} numbers`;
    case "opaque":
      return column.name;
  }
}

/** The validation rows of a run, or its test rows, as they were read; null when it held none out. */
export async function heldOutRows(settings: TrainSettings): Promise<Table | null> {
  if (settings.data === undefined && settings.sql === undefined) return null;
  if (settings.stream) return streamedHeldOut(settings);
  const table = await readPlace(settings, { types: settings.types });
  const [first] = await chooseRows(settings, table);
  const part = first?.validation ?? first?.test ?? null;
  return part && selectRows(part.table, part.rows);
}

/** A column that only says which rows belong together tells nothing about others. */
function droppedColumns(
  { features, drop = [], group }: TrainSettings,
  targets: readonly string[],
): readonly string[] {
  const isAsked = features !== undefined || group === undefined || targets.includes(group);
  return isAsked || drop.includes(group) ? drop : [...drop, group];
}

/** What the rows that are drawn keep to, or null. */
function ruleOf(
  { stratify, group, time, target = [], labelSeparator }: TrainSettings,
  table: Table,
): SplitRule | null {
  if (group !== undefined) return { by: "group", column: group };
  if (time !== undefined) return { by: "time", column: time };
  if (!stratify) return null;
  const [column = defaultTarget(table), second] = target;
  if (second !== undefined || labelSeparator !== undefined)
    throw new UsageError(
      `--stratify: gives each class of one target its share; ${second === undefined ? "--label-separator gives labels" : `there are ${target.length} targets`}; leave it out`,
    );
  return { by: "strata", column };
}

/** A class whose few rows were all drawn away from the training rows is bad luck that the user can change. */
function encodePart(
  encoding: Encoding,
  { table, rows, drawn }: Part,
  { group, time }: TrainSettings,
): Dataset {
  try {
    return encode(encoding, table, rows);
  } catch (error) {
    if (!drawn || !(error instanceof InputError)) throw error;
    const remedy =
      group === undefined && time === undefined
        ? "--stratify keeps a row of every class in training, or try another --seed"
        : "hold out fewer rows";
    throw new UsageError(`${error.message}; the row was drawn to be held out: ${remedy}`);
  }
}

function defaultTarget(table: Table): string {
  const names = table.columns.map((column) => column.name);
  if (names.includes("label") && table.columns.some((column) => column.kind === "vector"))
    return "label";
  throw new UsageError(
    `--target: name the column to predict; ${table.source} has ${names.join(", ")}`,
  );
}

/**
 * The rows of every fold, or of the only run. Listed rows first; then the test part, then the validation part, are drawn
 * from those that are left.
 */
async function chooseRows(settings: TrainSettings, table: Table): Promise<readonly Parts[]> {
  const { seed, types, folds, data: path = QUERY } = settings;
  const rule = ruleOf(settings, table);
  const test = await listedRows(settings.testRows, table);
  const validation = await listedRows(settings.valRows, table);
  const listed = await listedRows(settings.trainRows, table);
  checkDisjoint([listed, validation, test]);
  let train: Part = listed ?? {
    table,
    rows: without(allRows(table), [validation, test]),
    from: path,
  };
  const draw = (part: number): Part | null => {
    if (part === 0) return null;
    if (train.rows.length < 2)
      throw new UsageError(
        `${path}: ${train.rows.length} rows cannot be split; give more rows, or --val 0`,
      );
    const { kept, held } = holdoutBy(table, train.rows, part, seed, rule);
    train = { ...train, rows: kept };
    return {
      table,
      rows: held,
      from: `${part} of ${path}, ${drawnWords(rule, seed)}`,
      drawn: true,
    };
  };
  const other = async (file: string): Promise<Part> => {
    const read = await readTable(file, { types: { ...typesOf(table), ...types } });
    return { table: read, rows: allRows(read), from: file };
  };
  const chosen = async (listedPart: Part | null, wanted: number | string): Promise<Part | null> =>
    listedPart ?? (typeof wanted === "number" ? draw(wanted) : await other(wanted));
  const testPart = await chosen(test, settings.test ?? 0);
  if (folds !== undefined) {
    if (train.rows.length < folds)
      throw new UsageError(
        `--folds ${folds}: ${path} has ${train.rows.length} rows to share out; give fewer`,
      );
    return foldsBy(table, train.rows, folds, seed, rule).map(({ kept, held }, i) => ({
      train: { ...train, rows: kept },
      validation: {
        table,
        rows: held,
        from: `fold ${i + 1} of ${folds} of ${path}`,
        drawn: true,
      },
      test: testPart,
    }));
  }
  const validationPart = await chosen(validation, settings.val);
  if (train.rows.length === 0)
    throw new UsageError(`${path}: no rows are left to train on; hold out fewer`);
  return [{ train, validation: validationPart, test: testPart }];
}

function drawnWords(rule: SplitRule | null, seed: number): string {
  if (rule?.by === "time") return `the latest by ${rule.column}`;
  const how =
    rule === null ? "" : rule.by === "group" ? ` in groups of ${rule.column}` : " by class";
  return `drawn${how} by seed ${seed}`;
}

/** The rows that FILE or FILE#KEY lists, or null when none was given. */
async function listedRows(place: string | undefined, table: Table): Promise<Part | null> {
  if (place === undefined) return null;
  return { table, rows: await readListedRows(place, table.rows), from: place };
}

/** The rows that FILE or FILE#KEY lists. */
export async function readListedRows(place: string, rows: number): Promise<Int32Array> {
  const at = place.lastIndexOf("#");
  return at < 0
    ? readRowList(place, rows)
    : readRowList(place.slice(0, at), rows, place.slice(at + 1));
}

function without(rows: Int32Array, parts: readonly (Part | null)[]): Int32Array {
  const taken = new Uint8Array(rows.length);
  for (const part of parts) for (const row of part?.rows ?? []) taken[row] = 1;
  return rows.filter((row) => taken[row] === 0);
}

/** A row that trains and tests at once would make the score a lie. */
function checkDisjoint(parts: readonly (Part | null)[]): void {
  const owners = new Map<number, string>();
  for (const part of parts)
    for (const row of part?.rows ?? []) {
      const owner = owners.get(row);
      if (part && owner !== undefined)
        throw new UsageError(
          `row ${row} is in ${owner} and in ${part.from}; list it in one of them`,
        );
      if (part) owners.set(row, part.from);
    }
}

/** Every file that a run reads rows or row numbers from, the table first. */
export async function filesOf(settings: TrainSettings): Promise<readonly string[]> {
  const { data, val, test, trainRows, valRows, testRows } = settings;
  const tables = [data, val, test].filter((file) => typeof file === "string");
  const read = await Promise.all(tables.map((file) => tableFiles(file)));
  const lists = [trainRows, valRows, testRows].filter((file) => file !== undefined);
  return [...new Set([...read.flat(), ...lists.map((place) => place.replace(/#[^#]*$/, ""))])];
}
