// Runs ONNX models in ONNX Runtime, which is too large to be part of what training installs.
import { InferenceSession, Tensor } from "onnxruntime-node";

/**
 * The outputs of a model by name.
 * @param {Uint8Array} model the file's content
 * @param {Readonly<Record<string, { type: string, data: Float32Array | Float64Array | Uint8Array | readonly string[], shape: readonly number[] }>>} inputs
 * @returns {Promise<Record<string, { shape: readonly number[], data: Float32Array | Float64Array | readonly string[] }>>}
 */
export async function runModel(model, inputs) {
  const session = await InferenceSession.create(model, {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  try {
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { type, data, shape }]) => [
        name,
        new Tensor(/** @type {"float32"} */ (type), /** @type {Float32Array} */ (data), shape),
      ]),
    );
    const outputs = await session.run(feeds);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { dims, data }]) => [
        name,
        { shape: dims, data: /** @type {Float32Array} */ (data) },
      ]),
    );
  } finally {
    await session.release();
  }
}
