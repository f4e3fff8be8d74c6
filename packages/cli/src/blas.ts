// Whether the back end that needs a library of the system can be used.
import { requireBlas } from "@shardgrad/core";
import { UsageError } from "./usage-error.js";

/** Throws UsageError with the remedy when koffi or OpenBLAS is missing. */
export async function checkBlas(place: string): Promise<void> {
  const missing = await missingBlas();
  if (missing !== null) throw new UsageError(`${place} blas: ${missing}`);
}

/** What is missing for OpenBLAS and how to get it; null when nothing is. */
export async function missingBlas(): Promise<string | null> {
  try {
    await requireBlas();
    return null;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replace("backend blas: ", "");
  }
}

/** Runs shorter than this have nothing to gain. */
const LONG_SECONDS = 10;

/** Networks with fewer numbers spend their time elsewhere than in products. */
const MANY_PARAMETERS = 50_000;

/** Whether a run that used our kernels would have been faster with OpenBLAS, which is installed. */
export async function wouldGain(
  backend: "wasm" | "blas",
  seconds: number,
  parameters: number,
): Promise<boolean> {
  if (backend === "blas" || seconds < LONG_SECONDS || parameters < MANY_PARAMETERS) return false;
  return (await missingBlas()) === null;
}
