// Where the time of a run goes: each worker notes when it turns to the next part of its line.

/** The parts of a worker's line, in the order of their numbers. */
export const SEGMENTS = [
  "gather",
  "forward",
  "backward",
  "reduce",
  "update",
  "score",
  "wait",
] as const;

/** The name of a part. */
export type Segment = (typeof SEGMENTS)[number];

/** Numbers of the parts, for `Tracer.turn`. */
export const GATHER = 0;
export const FORWARD = 1;
export const BACKWARD = 2;
export const REDUCE = 3;
export const UPDATE = 4;
export const SCORE = 5;
export const WAIT = 6;
const IDLE = 7; // before the first and after the last part

// Each worker's numbers: turns so far, milliseconds of each part, then a ring of (time, part and step).
const COUNT = 0;
const TOTALS = 1;
const RING = 16;

const strideOf = (events: number): number => RING + 2 * events;

/** A buffer for the traces of a job's workers. The newest `events` turns of each are kept, the totals of all. */
export function traceBuffer(workers: number, events: number): SharedArrayBuffer {
  return new SharedArrayBuffer(8 * workers * strideOf(events));
}

/** One worker's notes. */
export class Tracer {
  readonly #numbers: Float64Array;
  #at: number; // where in the ring the next turn goes; kept, since a remainder of two f64 takes longer than all else here
  #since = 0;
  #segment = IDLE;

  constructor(buffer: SharedArrayBuffer, workers: number, index: number) {
    const stride = buffer.byteLength / 8 / workers;
    this.#numbers = new Float64Array(buffer, 8 * index * stride, stride);
    this.#at = RING + 2 * ((this.#numbers[COUNT] ?? 0) % ((stride - RING) / 2));
  }

  /** The worker turns to a part of a step now. */
  turn(segment: number, step: number): void {
    this.turnAt(now(), segment, step);
  }

  /** The worker turned to a part at a time that `now` gave. */
  turnAt(time: number, segment: number, step: number): void {
    const numbers = this.#numbers;
    if (this.#segment !== IDLE)
      numbers[TOTALS + this.#segment] = (numbers[TOTALS + this.#segment] ?? 0) + time - this.#since;
    const at = this.#at;
    numbers[at] = time;
    numbers[at + 1] = step * 8 + segment;
    numbers[COUNT] = (numbers[COUNT] ?? 0) + 1;
    this.#at = at + 2 < numbers.length ? at + 2 : RING;
    this.#since = time;
    this.#segment = segment;
  }

  /** The worker has come to the end of its line. */
  end(step: number): void {
    this.turn(IDLE, step);
  }
}

const ORIGIN = performance.timeOrigin;

/** Milliseconds since 1970, to parts of a microsecond, the same clock in all threads. */
export function now(): number {
  return ORIGIN + performance.now();
}

/** Where one worker's time went. */
export interface WorkerProfile {
  readonly worker: number; // from 1
  /** Milliseconds in each part. */
  readonly milliseconds: Readonly<Record<Segment, number>>;
}

/** One stretch of a worker's line. */
export interface TraceEvent {
  readonly worker: number; // from 1
  readonly segment: Segment;
  readonly step: number; // of the run, from 1
  readonly start: number; // milliseconds since 1970
  readonly milliseconds: number;
}

/** Where the time of a run went. */
export interface Profile {
  readonly workers: readonly WorkerProfile[];
  /** The worker that the others waited for most: the one that waited least. */
  readonly straggler: number; // from 1
  /** The newest stretches of all workers, each worker's in order. */
  readonly events: readonly TraceEvent[];
  /** When another number of workers began to train. */
  readonly changes: readonly TraceChange[];
}

/** Another number of workers trains. */
export interface TraceChange {
  readonly workers: number;
  readonly step: number; // committed steps of the run
  readonly time: number; // milliseconds since 1970
}

/** Reads the traces when the workers are done. */
export function readProfile(
  buffer: SharedArrayBuffer,
  workers: number,
  changes: readonly TraceChange[],
): Profile {
  const stride = buffer.byteLength / 8 / workers;
  const kept = (stride - RING) / 2;
  const numbersOf = (w: number): Float64Array => new Float64Array(buffer, 8 * w * stride, stride);
  const profiles = Array.from({ length: workers }, (_, w): WorkerProfile => {
    const numbers = numbersOf(w);
    const milliseconds = Object.fromEntries(
      SEGMENTS.map((name, i) => [name, numbers[TOTALS + i] ?? 0]),
    ) as Record<Segment, number>;
    return { worker: w + 1, milliseconds };
  });
  const events = profiles.flatMap(({ worker }) => {
    const numbers = numbersOf(worker - 1);
    const count = numbers[COUNT] ?? 0;
    const first = Math.max(0, count - kept);
    const at = (i: number): number => RING + 2 * (i % kept);
    return Array.from({ length: Math.max(0, count - 1 - first) }, (_, i): TraceEvent | null => {
      const code = numbers[at(first + i) + 1] ?? 0;
      const segment = SEGMENTS[code % 8];
      const start = numbers[at(first + i)] ?? 0;
      if (segment === undefined) return null;
      return {
        worker,
        segment,
        step: Math.floor(code / 8) + 1,
        start,
        milliseconds: (numbers[at(first + i + 1)] ?? start) - start,
      };
    }).filter((event) => event !== null);
  });
  const least = profiles.reduce((a, b) => (waitShare(b) < waitShare(a) ? b : a));
  return {
    workers: profiles,
    straggler: least.worker,
    events,
    changes: changes.map(({ workers: count, step, time }) => ({ workers: count, step, time })),
  };
}

/** What part of its time a worker waited; all of it when it had none. Workers may have trained for different times. */
function waitShare({ milliseconds }: WorkerProfile): number {
  const all = Object.values(milliseconds).reduce((a, b) => a + b, 0);
  return all === 0 ? 1 : milliseconds.wait / all;
}

/** The profile as a Chrome trace (JSON object format), one row a worker, for chrome://tracing or ui.perfetto.dev. */
export function chromeTrace({ events, workers, changes }: Profile): string {
  const origin = events.reduce(
    (least, { start }) => Math.min(least, start),
    Number.POSITIVE_INFINITY,
  );
  const rows = workers.map(({ worker }) => ({
    name: "thread_name",
    ph: "M",
    pid: 1,
    tid: worker,
    args: { name: `worker ${worker}` },
  }));
  const stretches = events.map(({ worker, segment, step, start, milliseconds }) => ({
    name: segment,
    cat: segment === "wait" ? "wait" : "work",
    ph: "X",
    pid: 1,
    tid: worker,
    ts: (start - origin) * 1000,
    dur: milliseconds * 1000,
    args: { step },
  }));
  const marks = changes.map(({ workers: count, step, time }) => ({
    name: `${count} workers`,
    cat: "workers",
    ph: "i",
    s: "p",
    pid: 1,
    tid: 1,
    ts: Math.max(0, time - origin) * 1000,
    args: { workers: count, step },
  }));
  return JSON.stringify({ displayTimeUnit: "ms", traceEvents: [...rows, ...stretches, ...marks] });
}
