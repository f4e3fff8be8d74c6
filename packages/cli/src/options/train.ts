// The options of `shardgrad train`, in the order of its help; one file a group in train/.
import { sessionOptions, type SessionSettings } from "./common.js";
import type { OptionTable } from "./option.js";
import { dataOptions, type DataSettings } from "./train/data.js";
import { modelOptions, type ModelSettings } from "./train/model.js";
import { runOptions, type RunSettings } from "./train/run.js";
import { trainingOptions, type TrainingSettings } from "./train/training.js";

/** What a training run is asked to do. */
export interface TrainSettings
  extends DataSettings, ModelSettings, TrainingSettings, RunSettings, SessionSettings {}

export const trainOptions: OptionTable<TrainSettings> = {
  ...dataOptions,
  ...modelOptions,
  ...trainingOptions,
  ...runOptions,
  ...sessionOptions,
};
