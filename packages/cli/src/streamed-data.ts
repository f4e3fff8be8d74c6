// What a run with --stream learns from: a source that is read chunk by chunk, and rows of it that are held out.
import {
  columnTypes,
  encode,
  fitStream,
  heldOutOfStream,
  readTable,
  streamFiles,
  type Dataset,
  type Encoding,
  type StreamOptions,
  type Table,
} from "@shardgrad/parallel";
import { fingerprintRows, fingerprintRowsOf } from "./fingerprint.js";
import type { TrainSettings } from "./options/train.js";
import type { Manifest } from "./run-folder.js";
import type { TrainingData } from "./training-data.js";
import { UsageError } from "./usage-error.js";

/** Reads the source as often as learning an encoding needs; what is learnt comes from training rows alone. */
export async function loadStreamedData(settings: TrainSettings): Promise<TrainingData> {
  const { target, seed, val, test, data: path = "" } = settings; // --stream has been seen to have data
  if (target === undefined)
    throw new UsageError("--target: name the column to predict; --stream finds none by itself");
  const source = await streamFiles(path);
  const fitted = await fitStream(source, { ...streamOptions(settings), target });
  const { encoding, data, held, notes } = fitted;
  const validation = await otherRows(encoding, settings, val);
  const testRows = await otherRows(encoding, settings, test);
  const drawn = (part: number | string | undefined, rows: Int32Array): Split | null =>
    rows.length === 0
      ? null
      : {
          rows: rows.length,
          from: `${String(part)} of ${path}, drawn by seed ${seed}`,
          sha256: fingerprintRows(rows),
        };
  const splits = (): Readonly<Record<string, Split | null>> => ({
    train: {
      rows: data.rows,
      from: path,
      sha256: fingerprintRowsOf(data.rows, (row) => data.sourceRow(row)),
    },
    validation: validation === null ? drawn(val, held.validation) : wholeFile(val, validation),
    test: testRows === null ? drawn(test, held.test) : wholeFile(test, testRows),
  });
  return {
    table: null,
    encoding,
    train: data,
    validation: validation ?? fitted.validation,
    test: testRows ?? fitted.test,
    splits: () =>
      Object.fromEntries(
        Object.entries(splits()).flatMap(([name, split]) =>
          split === null ? [] : [[name, split]],
        ),
      ),
    folds: [],
    notes,
    lint: () => [],
    wordsOfRow: () => "its cells are not in memory",
    placeOfRow: (row) => `${path}: row ${data.sourceRow(row) + 1}`,
  };
}

type Split = Manifest["splits"][string];

/** The rows that a streamed run held out, as they were read, or null. */
export async function streamedHeldOut(settings: TrainSettings): Promise<Table | null> {
  const { val, test, data: path = "" } = settings;
  const file = typeof val === "string" ? val : typeof test === "string" ? test : null;
  if (file !== null) return readTable(file, { types: settings.types });
  return heldOutOfStream(await streamFiles(path), streamOptions(settings));
}

function streamOptions(settings: TrainSettings): Omit<StreamOptions, "target"> {
  const { features, drop, types, encode: encoders, impute, markMissing, task } = settings;
  const { labelSeparator, val, test, seed } = settings;
  return {
    features,
    drop,
    types,
    encode: encoders,
    impute,
    markMissing,
    task,
    labelSeparator,
    validation: typeof val === "number" ? val : 0,
    test: typeof test === "number" ? test : 0,
    seed,
  };
}

/** The rows of a file of their own, encoded; null when none was given. */
async function otherRows(
  encoding: Encoding,
  { types }: TrainSettings,
  file: number | string | undefined,
): Promise<Dataset | null> {
  if (typeof file !== "string") return null;
  const table = await readTable(file, { types: { ...columnTypes(encoding), ...types } });
  return encode(encoding, table);
}

const wholeFile = (file: number | string | undefined, { rows }: Dataset): Split => ({
  rows,
  from: String(file),
  sha256: fingerprintRowsOf(rows, (row) => row),
});
