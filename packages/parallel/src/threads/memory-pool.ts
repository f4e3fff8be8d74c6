// Shared memories, reused within a process: Node frees dropped ones late, so making new ones would pile them up.

const PAGE = 65536;
const MOST_PAGES = 65536; // 4 GiB: what 32-bit addresses reach

const idle: WebAssembly.Memory[] = [];

/** A zeroed shared memory of at least so many bytes. Throws RangeError above 4 GiB, or when the system has no more. */
export function takeMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE);
  if (pages > MOST_PAGES)
    throw new RangeError(
      `memory: the job needs ${formatBytes(bytes)}, one shared memory holds 4 GiB; use fewer workers, rows or parameters`,
    );
  // The smallest that fits, and not one that would be mostly wasted.
  const fits = idle.filter(
    ({ buffer }) => buffer.byteLength >= bytes && buffer.byteLength <= 4 * Math.max(bytes, 1 << 24),
  );
  const best = fits.sort((a, b) => a.buffer.byteLength - b.buffer.byteLength)[0];
  if (best !== undefined) {
    idle.splice(idle.indexOf(best), 1);
    new Uint8Array(best.buffer, 0, bytes).fill(0);
    return best;
  }
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    throw new RangeError(
      `memory: the system gave no ${formatBytes(bytes)} of shared memory; use fewer workers, rows or parameters`,
      { cause },
    );
  }
}

/** Gives a memory back for the next job. No thread may use it any more. */
export function giveMemory(memory: WebAssembly.Memory): void {
  idle.push(memory);
}

/** Bytes as text, e.g. `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  return bytes < 2 ** 30
    ? `${(bytes / 2 ** 20).toFixed(1)} MiB`
    : `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}
