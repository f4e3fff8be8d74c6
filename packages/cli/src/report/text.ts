// A run as lines for people, with a bar below them on a terminal.
import picocolors from "picocolors";
import { count, duration, scoreLine, short } from "./format.js";
import { createBar } from "./bar.js";
import { describeShares } from "./time-shares.js";
import type { DataEvent, EndEvent, ReportedEvent, Reporter } from "./reporter.js";
import type { EpochEvent, StartEvent } from "@shardgrad/parallel";

// The library alone would colour the lines of a file where the variable CI is set.
const pc = picocolors.createColors(process.stdout.isTTY ? picocolors.isColorSupported : false);

/** How much is told, and what to type next. */
export interface TextReport {
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** As the user named it, or the query, for the command to type next. */
  readonly data: string;
  readonly sql?: string | undefined;
  readonly ops?: readonly string[] | undefined;
  readonly workers: number | "auto"; // as asked for
}

/** Lines on stdout; the bar, on stderr, only where that is a terminal. */
export async function textReporter(report: TextReport): Promise<Reporter> {
  const bar = report.quiet || !process.stderr.isTTY ? null : await createBar();
  const say = (line: string): void => {
    bar?.clear();
    process.stdout.write(`${line}\n`);
  };
  let epochs = 0;
  return {
    tell: (event) => {
      if (event.type === "start") epochs = event.epochs;
      if (event.type === "progress") bar?.show(event, epochs);
      else if (!report.quiet || event.type === "end")
        for (const line of describe(event, epochs, report)) say(line);
    },
    close: () => bar?.clear(),
  };
}

function describe(
  event: Exclude<ReportedEvent, { type: "progress" }>,
  epochs: number,
  report: TextReport,
): readonly string[] {
  switch (event.type) {
    case "data":
      return describeData(event);
    case "start":
      return describeStart(event, report);
    case "epoch":
      return [describeEpoch(event, epochs)];
    case "restart":
      return [
        pc.yellow(
          `worker ${event.worker} was replaced at step ${count(event.step)} (${event.reason}); the result is not affected`,
        ),
      ];
    case "skip":
      // One line at 1, 2, 4, 8, … skipped steps.
      return Math.clz32(event.skipped) === Math.clz32(event.skipped - event.steps)
        ? []
        : [
            pc.yellow(
              `${count(event.skipped)} ${event.skipped === 1 ? "step was" : "steps were"} skipped until step ${count(event.step)}: NaN or infinite numbers would have come of them; --on-nan stop names the rows`,
            ),
          ];
    case "workers":
      return [
        `${count(event.workers)} ${event.workers === 1 ? "worker" : "workers"} instead of ${count(event.before)} from step ${count(event.step)} on (${event.reason}); the result is not affected`,
      ];
    case "end":
      return describeEnd(event, report);
  }
}

function describeData(event: DataEvent): string[] {
  const { train, validation, test } = event.rows;
  const several = event.targets.length > 1;
  const what = {
    classification: `one of ${count(event.classes ?? 0)} classes`,
    regression: several ? "numbers; rmse and mae are in standard deviations of each" : "a number",
    multilabel: `any of ${count(event.classes ?? 0)} labels`,
  }[event.task];
  const held = [
    validation && `${count(validation)} to validate`,
    test && `${count(test)} to test`,
  ].filter(Boolean);
  return [
    `predict ${pc.bold(someOf(event.targets))} (${what}) from ${count(event.inputs)} inputs: ${[`${count(train)} rows to train`, ...held].join(", ")}`,
    ...event.notes.map((note) => pc.yellow(`note: ${note}`)),
  ];
}

/** Names in a line: all when they are few. */
function someOf(names: readonly string[], most = 8): string {
  const rest = names.length - most;
  return names.slice(0, most).join(", ") + (rest > 0 ? ` and ${count(rest)} more` : "");
}

function describeStart(event: StartEvent, { verbose, workers }: TextReport): string[] {
  const why = workers === "auto" ? ` (${event.workersReason})` : "";
  const threads = `${event.workers} ${event.workers === 1 ? "worker" : "workers"}${why}`;
  const lines = [
    `${count(event.parameters)} parameters, ${count(event.stepsPerEpoch)} steps an epoch, ${threads}`,
  ];
  if (workers !== "auto" && workers > event.workers)
    lines.push(
      pc.yellow(
        `note: ${event.workers} of ${workers} workers started: a batch has ${event.shards} shards, and a worker takes at least one`,
      ),
    );
  if (verbose) {
    const { bytes, bytesPerWorker, mostWorkers } = event.memory;
    lines.push(
      `${event.shards} shards; ${count(bytes)} bytes of shared memory, ${count(bytesPerWorker)} a worker, room for ${mostWorkers} workers`,
    );
  }
  return lines;
}

function describeEpoch(event: EpochEvent, epochs: number): string {
  const number = String(event.epoch).padStart(String(epochs).length);
  const validation =
    event.validation === null ? "" : `  |  validation ${scoreLine(event.validation)}`;
  const speed = pc.dim(`  ${duration(event.seconds)}, ${count(event.samplesPerSecond)} rows/s`);
  return `epoch ${number}/${epochs}  loss ${short(event.loss)}${validation}${speed}`;
}

function describeEnd(event: EndEvent, { data, sql, ops }: TextReport): string[] {
  const lines: string[] = [];
  if (event.skipped > 0)
    lines.push(
      pc.yellow(
        `${count(event.skipped)} of ${count(event.steps)} steps were skipped (--on-nan skip)`,
      ),
    );
  if (event.threshold)
    lines.push(
      `threshold   ${event.threshold.class} from a probability of ${short(event.threshold.probability)} on`,
    );
  const kept = event.best === null ? "" : `  (the best epoch, ${count(event.best.epoch)})`;
  if (event.validation) lines.push(`validation  ${scoreLine(event.validation)}${kept}`);
  if (event.test) lines.push(`test        ${pc.bold(scoreLine(event.test))}`);
  if (event.time) lines.push(...describeShares(event.time));
  if (event.blasGains)
    lines.push(
      pc.dim("faster: --backend blas; OpenBLAS is installed (the same bytes on this machine only)"),
    );
  lines.push(
    `${event.stopped ? "stopped after" : event.converged ? "converged:" : "done:"} ${count(event.steps)} steps in ${duration(event.seconds)}, run in ${pc.bold(event.folder)}`,
  );
  const next = event.stopped
    ? `shardgrad train --resume ${quoted(event.folder)}`
    : `shardgrad predict ${quoted(event.folder)} ${sql === undefined ? quoted(data) : `--sql ${quoted(sql)}`}${ops === undefined ? "" : ` --ops ${quoted(ops.join(","))}`} --out predictions.csv`;
  lines.push(`next: ${pc.cyan(`npx ${next}`)}`);
  return lines;
}

/** A path as one word of a shell command. */
function quoted(path: string): string {
  return /^[\w./:\\@%+=,-]+$/.test(path) ? path : JSON.stringify(path);
}
