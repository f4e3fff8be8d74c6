// Builds everything: the WebAssembly kernels, then the TypeScript packages. Both parts skip what is up to date.
import { isMain, node, tool } from "./run.mjs";

/** Builds kernels and packages, the second in spite of a failed first; returns 0 or an exit code. */
export function build() {
  const kernels = node("packages/core/build-kernels.mjs");
  const packages = node(tool(".", "typescript", "tsc"), ["-b"]);
  return kernels || packages;
}

if (isMain(import.meta.url)) process.exitCode = build();
