// Files of tensors on the disk: safetensors with our own metadata, read with a limit and one-line errors.
import { open } from "node:fs/promises";
import {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsContent,
  type Tensor,
} from "@shardgrad/core";
import type { z } from "zod";
import { writeFileAtomic } from "./atomic-file.js";
import { errorCode, InputError, shown } from "../dataset/table/input-error.js";
import { readError } from "../dataset/read/source.js";

/** The version of the metadata that this code writes and the only one it reads. */
const FORMAT = "1";
const FORMAT_KEY = "shardgrad.format";

/** The largest file that is read, in bytes: what Node 20 reads in one piece. */
const FILE_LIMIT = 2 ** 31 - 1;

/** Writes tensors and metadata as a whole or not at all. */
export async function writeTensorFile(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors, { [FORMAT_KEY]: FORMAT, ...metadata }));
}

/**
 * Reads tensors and metadata. `what` names the kind of file in messages.
 * Throws InputError when the file cannot be read, is not safetensors, or was written in a format unknown here.
 */
export async function readTensorFile(path: string, what: string): Promise<SafetensorsContent> {
  const content = await readTensors(path);
  const format = content.metadata[FORMAT_KEY];
  if (format === undefined)
    throw new InputError(
      `${path}: a safetensors file, but not a ${what}: the metadata have no ${FORMAT_KEY}`,
    );
  if (format !== FORMAT)
    throw new InputError(
      `${path}: a ${what} of format ${shown(format)}, where ${shown(FORMAT)} is known; use a newer version of shardgrad`,
    );
  return content;
}

/** Reads the tensors of any safetensors file. Throws InputError when the file cannot be read or is not one. */
export async function readTensors(path: string): Promise<SafetensorsContent> {
  return decode(path, await wholeFile(path));
}

/** The JSON under a key of the metadata, if it is as the schema says. Throws InputError. */
export function metadataJson<T>(
  path: string,
  what: string,
  metadata: Readonly<Record<string, string>>,
  key: string,
  schema: z.ZodType<T>,
): T {
  const text = metadata[key];
  if (text === undefined)
    throw new InputError(`${path}: not a ${what}: the metadata have no ${key}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path}: ${key} is not JSON; the file is damaged`, { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = [key, ...(issue?.path ?? [])].map(String).join(".");
  throw new InputError(
    `${path}: ${place}: ${issue?.message ?? "not as expected"}; the file is damaged`,
    { cause: parsed.error },
  );
}

async function wholeFile(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > FILE_LIMIT)
        throw new InputError(
          `${path}: ${size} bytes, where ${FILE_LIMIT} are the most that is read`,
        );
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw readError(path, error);
  }
}

function decode(path: string, bytes: Uint8Array): SafetensorsContent {
  try {
    return decodeSafetensors(bytes);
  } catch (error) {
    if (error instanceof RangeError && errorCode(error) === undefined)
      throw new InputError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}
