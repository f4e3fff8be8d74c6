// Unpacks Zstandard data within a budget, the same way on every Node.
import { Decompress } from "fzstd";
import type { UnpackBudget } from "./unpack-budget.js";

/** The content of packed data. Throws RangeError when they are damaged or unpack to more than the budget has left. */
export function unpackZstd(bytes: Uint8Array, budget: UnpackBudget): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stream = new Decompress((chunk) => {
    budget.take(chunk.length);
    chunks.push(chunk.slice()); // the library uses its memory again
    length += chunk.length;
  });
  try {
    stream.push(bytes, true);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new RangeError(`damaged ZSTD data: ${error instanceof Error ? error.message : ""}`, {
      cause: error,
    });
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
