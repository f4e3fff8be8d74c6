// @shardgrad/parallel: data-parallel training over worker threads, datasets, model files.
export { Trainer, type Run } from "./trainer.js";
export type { RunOptions, TrainerOptions } from "./options.js";
export type { EpochEvent, ProgressEvent, RunEvent, RunResult, Scores, StartEvent, TrainingState } from "./events.js";
export { evaluate, predict, type ScoreOptions } from "./score.js";
export { defaultLoss } from "./validate.js";
export { defaultShards } from "./shards.js";
export { cores, type Cores } from "./cores.js";
export { formatBytes } from "./memory-pool.js";
export { hashParameters } from "./parameters.js";

export {
  blockWidth, featureWidth,
  type ClassTarget, type Dataset, type F32Block, type FeatureBlock, type NumberTarget, type OneHotBlock, type Target, type U8Block,
} from "./dataset/dataset.js";
