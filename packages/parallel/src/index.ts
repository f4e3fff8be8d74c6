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
} from "./dataset/dataset.js";

export { InputError } from "./dataset/input-error.js";
export { didYouMean, nearest } from "./dataset/suggest.js";
export { readTable, tableFiles, type ReadOptions } from "./dataset/read.js";
export { QUERY, readSql } from "./dataset/read-sql.js";
export { storedBytes } from "./dataset/source.js";
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
} from "./dataset/table.js";
export {
  tableFromRecords,
  type Cell,
  type RecordOptions,
  type TableRecord,
} from "./dataset/records.js";
export { datasetFromArrays, type ArrayOptions } from "./dataset/arrays.js";
export { holdout, readRowList, type Split } from "./dataset/split.js";
export { lintTable, lintTraining, type LintOptions, type TablePart } from "./dataset/lint.js";
export { foldsBy, holdoutBy, type SplitRule } from "./dataset/split-by.js";
export { fitEncoding, type EncodingOptions } from "./dataset/fit-encoding.js";
export type { Task } from "./dataset/fit-target.js";
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
} from "./dataset/encoding.js";
export {
  targetColumns,
  targetUnit,
  targetWidth,
  type ClassTargetEncoding,
  type LabelsTargetEncoding,
  type NumberTargetColumn,
  type NumberTargetEncoding,
  type TargetEncoding,
} from "./dataset/target-encoding.js";
export { unknownLabels } from "./dataset/labels.js";
export { bestThreshold } from "./dataset/threshold.js";
export { denseFeatures, encode, encodeFeatures } from "./dataset/encode.js";
export {
  decodeOutputs,
  predictionName,
  type ClassPredictions,
  type LabelsPredictions,
  type NumberPredictions,
  type Predictions,
} from "./dataset/decode.js";
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
export { isTextHead, tablesOfStream } from "./dataset/table-stream.js";
export { encodeWeights, loadWeights } from "./files/weights-file.js";
export { isStream, type DatasetStream } from "./dataset/stream.js";
export { streamFiles, type TableSource } from "./dataset/stream-source.js";
export { fitStream, type FittedStream, type StreamOptions } from "./dataset/fit-stream.js";
export { encodeStream, type EncodeStreamOptions } from "./dataset/encode-stream.js";
export {
  streamOf,
  tableFromArrow,
  type ColumnsOf,
  type StreamInput,
  type StreamOfOptions,
} from "./dataset/stream-of.js";
export { heldOutOfStream } from "./dataset/stream-held.js";
