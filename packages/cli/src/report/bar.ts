// One line on a terminal that shows how far an epoch is.
import type { ProgressEvent } from "@shardgrad/parallel";
import { count, duration, short } from "./format.js";

/** A line that is drawn again and again in its place. */
export interface Bar {
  show(event: ProgressEvent, epochs: number): void;
  /** Takes the line away, so that others can be written; the next `show` draws it again. */
  clear(): void;
}

/** A bar on stderr. */
export async function createBar(): Promise<Bar> {
  const { default: progress } = await import("cli-progress");
  const bar = new progress.SingleBar({
    format: "epoch {epoch} [{bar}] {value}/{total} steps  {speed} rows/s  loss {loss}  {left} left",
    barsize: 24,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    clearOnComplete: true,
    hideCursor: null,
    gracefulExit: false, // signals are the command's own affair
    stream: process.stderr,
  });
  let drawn = false;
  return {
    show: (event, epochs) => {
      const payload = {
        epoch: `${event.epoch}/${epochs}`,
        speed: count(event.samplesPerSecond),
        loss: short(event.loss),
        left: duration(event.secondsLeft),
      };
      if (drawn) bar.update(event.step, payload);
      else bar.start(event.stepsPerEpoch, event.step, payload);
      drawn = true;
    },
    clear: () => {
      if (drawn) bar.stop();
      drawn = false;
    },
  };
}
