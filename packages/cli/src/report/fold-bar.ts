// One line on a terminal that shows how far the folds of a cross-validation are, several of which train at once.
import type { ProgressEvent } from "@shardgrad/parallel";
import { count, duration } from "./format.js";

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
  const { default: progress } = await import("cli-progress");
  const bar = new progress.SingleBar({
    format: "folds [{bar}] {percentage}%  training {running}  {speed} rows/s  {left} left",
    barsize: 24,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    clearOnComplete: true,
    hideCursor: null,
    gracefulExit: false, // signals are the command's own affair
    stream: process.stderr,
  });
  const running = new Map<number, ProgressEvent & { readonly part: number }>();
  const begun = performance.now();
  let finished = 0;
  let drawn = false;
  const draw = (): void => {
    const own = [...running.values()];
    const parts = own.reduce((sum, { part }) => sum + part, finished);
    const seconds = (performance.now() - begun) / 1000;
    const payload = {
      running: [...running.keys()].map((fold) => fold + 1).join(", "),
      speed: count(own.reduce((sum, { samplesPerSecond }) => sum + samplesPerSecond, 0)),
      left: duration(parts === 0 ? Infinity : (seconds * (folds - parts)) / parts),
    };
    const value = Math.floor(parts * PARTS);
    if (drawn) bar.update(value, payload);
    else bar.start(folds * PARTS, value, payload);
    drawn = true;
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
    clear: () => {
      if (drawn) bar.stop();
      drawn = false;
    },
  };
}
