// One line on stderr with a bar, drawn again and again in its place.

/** A line that can be taken away, so that others can be written; the next `draw` brings it again. */
export interface TerminalLine {
  draw(total: number, value: number, payload: object): void;
  clear(): void;
}

/** A line of a format of cli-progress, whose words in braces come with each drawing. */
export async function createTerminalLine(format: string): Promise<TerminalLine> {
  const { default: progress } = await import("cli-progress");
  const bar = new progress.SingleBar({
    format,
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
    draw: (total, value, payload) => {
      if (drawn) bar.update(value, payload);
      else bar.start(total, value, payload);
      drawn = true;
    },
    clear: () => {
      if (drawn) bar.stop();
      drawn = false;
    },
  };
}
