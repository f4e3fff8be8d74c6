// One line on a terminal that shows how far an epoch is.
import type { ProgressEvent } from "@shardgrad/parallel";
import { count, duration, short } from "./format.js";
import { createTerminalLine } from "./terminal-line.js";

/** A line that is drawn again and again in its place. */
export interface Bar {
  show(event: ProgressEvent, epochs: number): void;
  /** Takes the line away, so that others can be written; the next `show` draws it again. */
  clear(): void;
}

/** A bar on stderr. */
export async function createBar(): Promise<Bar> {
  const line = await createTerminalLine(
    "epoch {epoch} [{bar}] {value}/{total} steps  {speed} rows/s  loss {loss}  {left} left",
  );
  return {
    show: (event, epochs) => {
      const payload = {
        epoch: `${event.epoch}/${epochs}`,
        speed: count(event.samplesPerSecond),
        loss: short(event.loss),
        left: duration(event.secondsLeft),
      };
      line.draw(event.stepsPerEpoch, event.step, payload);
    },
    clear: () => line.clear(),
  };
}
