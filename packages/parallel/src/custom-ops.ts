// Ops written by users, in modules of their own that every thread loads. Only the user names them, never a file.
import type { Op } from "@shardgrad/core";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { InputError } from "./dataset/table/input-error.js";

/** Ops and the modules that they came from. */
export interface CustomOps {
  readonly modules: readonly string[]; // URLs
  readonly ops: ReadonlyMap<string, Op>; // by the op's own name
}

/** No ops. */
export const NO_OPS: CustomOps = { modules: [], ops: new Map() };

/**
 * Loads the ops that modules export, under whatever export names. Paths are relative to the working directory.
 * Throws InputError, one line, when a module cannot be loaded, exports no op, or two ops have one name.
 */
export async function loadOps(modules: readonly (string | URL)[]): Promise<CustomOps> {
  const ops = new Map<string, Op>();
  const urls: string[] = [];
  for (const module of modules) {
    const url =
      module instanceof URL
        ? module.href
        : /^(file|data|node):/.test(module)
          ? module
          : pathToFileURL(resolve(module)).href;
    urls.push(url);
    const found = Object.values(await importModule(String(module), url)).filter(isOp);
    if (found.length === 0)
      throw new InputError(`${String(module)}: exports no op; export what customOp returns`);
    for (const op of found) {
      if (ops.has(op.name) && ops.get(op.name) !== op)
        throw new InputError(
          `${String(module)}: the op ${op.name} exists already; give it another name`,
        );
      ops.set(op.name, op);
    }
  }
  return { modules: urls, ops };
}

async function importModule(place: string, url: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new InputError(`${place}: cannot be loaded as a module: ${reason}`, { cause: error });
  }
}

function isOp(value: unknown): value is Op {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    "shape" in value &&
    "lower" in value &&
    typeof value.lower === "function"
  );
}
