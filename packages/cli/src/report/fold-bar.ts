// One line on a terminal that shows how far the folds of a cross-validation are, several of which train at once.
import type { ProgressEvent } from "@shardgrad/parallel";
import { count, duration } from "./format.js";
import { createTerminalLine } from "./terminal-line.js";

/** A line that is drawn again and again in its place. */
export interface FoldBar {
  show(fold: number, event: ProgressEvent, of: { readonly epochs?: number | undefined }): void;
  /** The fold's run is over. */
  done(fold: number): void;
  /** Takes the line away, so that others can be written; the next `show` draws it again. */
  clear(): void;
}

/** Parts of a fold that the bar counts. */
const PARTS = 1000;

/** A bar on stderr. */
export async function createFoldBar(folds: number): Promise<FoldBar> {
  const line = await createTerminalLine(
    "folds [{bar}] {percentage}%  training {running}  {speed} rows/s  {left} left",
  );
  const running = new Map<number, ProgressEvent & { readonly part: number }>();
  const begun = performance.now();
  let finished = 0;
  const draw = (): void => {
    const own = [...running.values()];
    const parts = own.reduce((sum, { part }) => sum + part, finished);
    const seconds = (performance.now() - begun) / 1000;
    const payload = {
      running: [...running.keys()].map((fold) => fold + 1).join(", "),
      speed: count(own.reduce((sum, { samplesPerSecond }) => sum + samplesPerSecond, 0)),
      left: duration(parts === 0 ? Infinity : (seconds * (folds - parts)) / parts),
    };
    line.draw(folds * PARTS, Math.floor(parts * PARTS), payload);
  };
  return {
    show: (fold, event, { epochs = 1 }) => {
      running.set(fold, { ...event, part: event.totalSteps / (event.stepsPerEpoch * epochs) });
      draw();
    },
    done: (fold) => {
      running.delete(fold);
      finished += 1;
    },
    clear: () => line.clear(),
  };
}
