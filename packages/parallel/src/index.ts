// @shardgrad/parallel: data-parallel training over worker threads, datasets, model files.
export { Trainer, type Run } from "./trainer.js";
export { saveCheckpoint, type CheckpointSpec } from "./threads/checkpoints.js";
export type { HashLogSpec } from "./threads/hash-log.js";
export type { ThetaHash } from "./step/theta-hashes.js";
export type { Skipped } from "./step/control.js";
export type { Best, EarlyStopping } from "./step/early-stopping.js";
export type { PastEpoch } from "./step/epoch-history.js";
export { NonFiniteError, type NonFiniteValue } from "./non-finite.js";
export type { RunOptions, TrainerOptions } from "./options.js";
export type {
  EpochEvent,
  ProgressEvent,
  RestartEvent,
  RunEvent,
  RunResult,
  Scores,
  SkipEvent,
  StartEvent,
  TrainingState,
  WorkersEvent,
} from "./events.js";
export {
  chromeTrace,
  SEGMENTS,
  type Profile,
  type Segment,
  type TraceEvent,
  type WorkerProfile,
} from "./step/trace.js";
export { loadOps, type CustomOps } from "./custom-ops.js";
export { evaluate, predict, type ScoreOptions } from "./score.js";
export { defaultLoss } from "./validate.js";
export { defaultShards } from "./step/shards.js";
export type { Backend } from "./step/job.js";
export { cores, type Cores } from "./threads/cores.js";
export { formatBytes } from "./threads/memory-pool.js";
export { hashParameters } from "./step/parameters.js";

export {
  blockWidth,
  featureWidth,
  type ClassTarget,
  type Dataset,
  type F32Block,
  type FeatureBlock,
  type LabelsTarget,
  type NumberTarget,
  type OneHotBlock,
  type Target,
  type U8Block,
} from "./dataset/table/dataset.js";

export { InputError } from "./dataset/table/input-error.js";
export { didYouMean, nearest } from "./dataset/table/suggest.js";
export { readTable, tableFiles, type ReadOptions } from "./dataset/read/read.js";
export { QUERY, readSql } from "./dataset/read/read-sql.js";
export { storedBytes } from "./dataset/read/source.js";
export {
  allRows,
  columnOf,
  hasValue,
  placeOf,
  selectRows,
  typesOf,
  type Column,
  type NumberColumn,
  type OpaqueColumn,
  type Table,
  type TextColumn,
  type VectorColumn,
} from "./dataset/table/table.js";
export {
  tableFromRecords,
  type Cell,
  type RecordOptions,
  type TableRecord,
} from "./dataset/table/records.js";
export { datasetFromArrays, type ArrayOptions } from "./dataset/table/arrays.js";
export { holdout, readRowList, type Split } from "./dataset/split/split.js";
export { lintTable, lintTraining, type LintOptions, type TablePart } from "./dataset/split/lint.js";
export { foldsBy, holdoutBy, type SplitRule } from "./dataset/split/split-by.js";
export { fitEncoding, type EncodingOptions } from "./dataset/encode/fit-encoding.js";
export type { Task } from "./dataset/encode/fit-target.js";
export {
  columnTypes,
  embeddingTables,
  type CategoryFeature,
  type EmbeddingFeature,
  type Encoding,
  type FeatureEncoding,
  type CalendarFeature,
  type NumberFeature,
  type OrdinalFeature,
  type WordsFeature,
  type VectorFeature,
} from "./dataset/encode/encoding.js";
export {
  targetColumns,
  targetUnit,
  targetWidth,
  type ClassTargetEncoding,
  type LabelsTargetEncoding,
  type NumberTargetColumn,
  type NumberTargetEncoding,
  type TargetEncoding,
} from "./dataset/encode/target-encoding.js";
export { unknownLabels } from "./dataset/encode/labels.js";
export { bestThreshold } from "./dataset/encode/threshold.js";
export { denseFeatures, encode, encodeFeatures } from "./dataset/encode/encode.js";
export {
  decodeOutputs,
  predictionName,
  type ClassPredictions,
  type LabelsPredictions,
  type NumberPredictions,
  type Predictions,
} from "./dataset/encode/decode.js";
export {
  classScores,
  confusionMatrix,
  macroF1,
  type ClassScores,
  type ConfusionMatrix,
} from "./metrics/metrics.js";

export {
  loadModel,
  type LoadOptions,
  MODEL_FILE,
  saveModel,
  type OutputPredictions,
  type PredictRows,
  type StoredModel,
  type TrainedModel,
} from "./files/model-file.js";
export { loadState, saveState, type StoredState } from "./files/state-file.js";
export { writeFileAtomic } from "./files/atomic-file.js";
export { exportOnnx } from "./export/onnx.js";
export { cellsOf, onnxInputs, type OnnxInput } from "./export/onnx-inputs.js";
export { exportJs, type JsModule } from "./export/js.js";
export {
  classMetrics,
  type ClassMetrics,
  type ClassReport,
  type OneAgainstRest,
} from "./metrics/classes.js";
export { labelMetrics, type LabelMetrics, type LabelReport } from "./metrics/labels.js";
export { numberMetrics, overallNumbers, type NumberReport } from "./metrics/numbers.js";
export { isTextHead, tablesOfStream } from "./dataset/stream/table-stream.js";
export { encodeWeights, loadWeights } from "./files/weights-file.js";
export { isStream, type DatasetStream } from "./dataset/stream/stream.js";
export { streamFiles, type TableSource } from "./dataset/stream/stream-source.js";
export { fitStream, type FittedStream, type StreamOptions } from "./dataset/stream/fit-stream.js";
export { encodeStream, type EncodeStreamOptions } from "./dataset/stream/encode-stream.js";
export {
  streamOf,
  tableFromArrow,
  type ColumnsOf,
  type StreamInput,
  type StreamOfOptions,
} from "./dataset/stream/stream-of.js";
export { heldOutOfStream } from "./dataset/stream/stream-held.js";
