// Streamed rows that were decoded once, kept in a temporary file in their compact form for the epochs that follow.
import { mkdtemp, open, rm, statfs, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { KeptWindows } from "../step/feed.js";
import { rowBytes } from "../step/job.js";
import type { DataPlaces, Layout } from "../step/layout.js";
import { placedRows } from "../step/place.js";
import { windowsOf } from "../step/windows.js";

/** What statfs calls a file system in memory on Linux: a file there would not spare any. */
const TMPFS = 0x01021994;

/** Windows kept in a file. */
export interface Spool extends KeptWindows {
  /** Releases the file. */
  close(): Promise<void>;
}

/**
 * A file in a folder for the windows of an epoch, or null: when no other epoch needs them, when the folder is in memory or
 * cannot be written, or when less than twice the space is free. The file has no name where the system allows it, so a
 * process that is killed leaves nothing. Whatever goes wrong later, the rows are decoded again.
 */
export async function openSpool(
  { job, training }: Layout,
  buffer: ArrayBufferLike,
  folder: string,
): Promise<Spool | null> {
  const spec = job.training;
  if (spec === null || training === null || spec.epochs === 1) return null;
  const perRow = rowBytes(spec.data);
  const windowBytes = perRow * windowsOf(spec).rows;
  let file: FileHandle;
  let clean: () => Promise<void> = async () => {};
  try {
    const { type, bavail, bsize } = await statfs(folder);
    if (type === TMPFS || 2 * perRow * spec.data.rows > bavail * bsize) return null;
    const own = await mkdtemp(join(folder, ".rows-"));
    clean = () => rm(own, { recursive: true, force: true });
    file = await open(join(own, "windows"), "w+");
    if (process.platform !== "win32") await clean();
  } catch {
    await clean().catch(() => {});
    return null;
  }

  const kept = new Set<number>();
  let usable = true;
  const give = async (
    window: number,
    place: DataPlaces,
    rows: number,
    move: (bytes: Uint8Array, at: number) => Promise<number>,
  ): Promise<boolean> => {
    let at = window * windowBytes;
    try {
      for (const bytes of bytesOf(buffer, place, rows))
        for (let done = 0; done < bytes.length;) {
          const count = await move(bytes.subarray(done), at);
          if (count === 0) throw new RangeError("spool: the file is short");
          done += count;
          at += count;
        }
      return true;
    } catch {
      usable = false;
      return false;
    }
  };
  return {
    has: (window) => usable && kept.has(window),
    read: (window, place, rows) =>
      give(
        window,
        place,
        rows,
        async (bytes, at) => (await file.read(bytes, 0, bytes.length, at)).bytesRead,
      ),
    keep: async (window, place, rows) => {
      if (!usable || kept.has(window)) return;
      const whole = await give(
        window,
        place,
        rows,
        async (bytes, at) => (await file.write(bytes, 0, bytes.length, at)).bytesWritten,
      );
      if (whole) kept.add(window);
    },
    close: async () => {
      await file.close();
      await clean();
    },
  };
}

/** The bytes of the rows of a place: of every block, then of the target. */
function bytesOf(buffer: ArrayBufferLike, place: DataPlaces, rows: number): Uint8Array[] {
  const { features, target } = placedRows(buffer, place, rows);
  const parts = features.map((block) => (block.kind === "oneHot" ? block.codes : block.values));
  if (target !== null) parts.push(target.kind === "class" ? target.labels : target.values);
  return parts.map(({ byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
}
