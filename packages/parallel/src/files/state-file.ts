// Saves and loads the state of a run between two steps: weights, optimizer slots, position, losses of the epoch.
import type { Parameters, Tensor } from "@shardgrad/core";
import { InputError, shown } from "../dataset/table/input-error.js";
import type { TrainingState } from "../events.js";
import type { StateDescription } from "./model-schema.js";
import { metadataJson, readTensorFile, writeTensorFile } from "./tensor-file.js";

const STATE_KEY = "shardgrad.state";
const KIND = "training state";
const LOSSES = "losses"; // of the finished steps of the current epoch, f64
const HISTORY = "history"; // of the newest finished epochs, f64

/** A state as it was stored, and what was stored with it. */
export interface StoredState {
  readonly state: TrainingState;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Writes a state as a whole or not at all. `metadata` may hold what the caller needs to go on. */
export async function saveState(
  path: string,
  state: TrainingState,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const tensors = new Map<string, Tensor>([
    [LOSSES, { shape: [state.losses.length], data: state.losses }],
  ]);
  if (state.history !== undefined)
    tensors.set(HISTORY, { shape: [state.history.length], data: state.history });
  for (const [name, tensor] of state.best?.parameters ?? []) tensors.set(`best/${name}`, tensor);
  for (const [name, tensor] of state.parameters) tensors.set(`parameters/${name}`, tensor);
  for (const [slot, values] of Object.entries(state.slots)) {
    if (slot.includes("/"))
      throw new RangeError(`saveState: the slot name ${shown(slot)} contains a slash`);
    for (const [name, tensor] of values) tensors.set(`slots/${slot}/${name}`, tensor);
  }
  const description: StateDescription = {
    step: state.step,
    slots: Object.keys(state.slots),
    ...(state.change !== undefined && Number.isFinite(state.change) && { change: state.change }),
    ...(state.skipped !== undefined && { skipped: state.skipped }),
    ...(state.best !== undefined && { best: { epoch: state.best.epoch, value: state.best.value } }),
  };
  await writeTensorFile(path, tensors, { ...metadata, [STATE_KEY]: JSON.stringify(description) });
}

/** Reads a state. Throws InputError, one line, when the file is not one. */
export async function loadState(path: string): Promise<StoredState> {
  const { tensors, metadata } = await readTensorFile(path, KIND);
  const { stateSchema } = await import("./model-schema.js");
  const {
    step,
    slots: names,
    change,
    skipped,
    best,
  } = metadataJson(path, KIND, metadata, STATE_KEY, stateSchema);
  const parameters = new Map<string, Tensor>();
  const slots = new Map(names.map((name): [string, Map<string, Tensor>] => [name, new Map()]));
  const losses = tensors.get(LOSSES)?.data;
  if (!(losses instanceof Float64Array))
    throw new InputError(`${path}: the losses are missing or not of f64; the file is damaged`);
  const history = tensors.get(HISTORY)?.data;
  const bestParameters = new Map<string, Tensor>();
  for (const [key, tensor] of tensors) {
    if (key === LOSSES || key === HISTORY) continue;
    if (best !== undefined && key.startsWith("best/")) {
      bestParameters.set(key.slice("best/".length), tensor);
      continue;
    }
    const { slot, name } = keyParts(path, key);
    const group = slot === null ? parameters : slots.get(slot);
    if (group === undefined)
      throw new InputError(
        `${path}: tensor ${shown(key)} belongs to no slot of this state; the file is damaged`,
      );
    group.set(name, tensor);
  }
  for (const [slot, values] of slots) checkLayout(path, slot, parameters, values);
  if (best !== undefined) checkLayout(path, "best", parameters, bestParameters);
  const state: TrainingState = {
    step,
    parameters,
    slots: Object.fromEntries(slots),
    losses,
    ...(history instanceof Float64Array && { history }),
    ...(change !== undefined && { change }),
    ...(skipped !== undefined && { skipped }),
    ...(best !== undefined && { best: { ...best, parameters: bestParameters } }),
  };
  return { state, metadata };
}

/** "parameters/<name>" and "slots/<slot>/<name>"; a parameter's name may contain slashes. */
function keyParts(path: string, key: string): { slot: string | null; name: string } {
  const found = /^(?:parameters|slots\/(?<slot>[^/]+))\/(?<name>.+)$/s.exec(key)?.groups;
  if (found?.["name"] === undefined)
    throw new InputError(
      `${path}: tensor ${shown(key)} is neither a parameter nor a slot; the file is damaged`,
    );
  return { slot: found["slot"] ?? null, name: found["name"] };
}

/** A slot is laid out like the parameters. */
function checkLayout(path: string, slot: string, parameters: Parameters, values: Parameters): void {
  for (const [name, { shape }] of parameters) {
    const found = values.get(name);
    if (found?.shape.join() !== shape.join())
      throw new InputError(
        `${path}: slot ${shown(slot)} of ${shown(name)} is ${found === undefined ? "missing" : `[${found.shape.join()}]`}, the parameter is [${shape.join()}]; the file is damaged`,
      );
  }
  if (values.size > parameters.size)
    throw new InputError(
      `${path}: slot ${shown(slot)} has more tensors than there are parameters; the file is damaged`,
    );
}
