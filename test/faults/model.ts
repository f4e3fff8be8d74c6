// A model checker for the protocol of the workers: runs the product's own code over every interleaving and every death.
//
// The code of a worker between two operations on shared words depends on nothing but what its operations gave. So a
// worker's local state is the list of those answers: from it the code is run again up to its next operation, which the
// checker then carries out at a moment of its choice. Sleeping has no time-out here: a lost wake-up is a deadlock.
import { Barrier } from "../../packages/parallel/dist/step/barrier.js";
import { Aborted, Control, type SharedWords } from "../../packages/parallel/dist/step/control.js";
import { passPhase, start, type Line } from "../../packages/parallel/dist/step/phases.js";
import {
  finishedPhases,
  moveTo,
  phasesOf,
  type Position,
} from "../../packages/parallel/dist/step/position.js";
import { snapshotComplete } from "../../packages/parallel/dist/step/snapshot.js";

/** What is explored. */
export interface Scenario {
  /** The most workers that train at once; all of them from the start unless `legs` says otherwise. */
  readonly workers: number;
  /** How many train at first, after the first change, after the second; each change is asked for at any moment. */
  readonly legs?: readonly number[];
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  readonly scores: boolean;
  /** Deaths of workers, replacements included, in one history at most. */
  readonly deaths: number;
  /** Somebody asks for the end of the run at any moment. */
  readonly stop?: boolean;
  /** The supervisor aborts the run at any moment. */
  readonly abort?: boolean;
  /** So many snapshots are asked for, each at any moment. */
  readonly snapshots?: number;
  /** Early stopping ends the run after this epoch. */
  readonly enough?: number;
  /** This worker finds a number that is not finite in this step. */
  readonly nonFinite?: { readonly worker: number; readonly step: number };
  /** That step is skipped; otherwise it ends the run. */
  readonly skips?: boolean;
}

/** What the exploration saw. */
export interface Explored {
  readonly states: number;
  /** Committed steps in the ends that were reached. */
  readonly ends: ReadonlySet<number>;
  /** How many changes of the number of workers there were in the ends that were reached. */
  readonly changes: ReadonlySet<number>;
  readonly snapshots: number;
}

const TORN = -2; // a value that somebody is writing
/** Ghost words behind the control words: what the workers' plain memory holds, as the step it belongs to. */
const GHOSTS = 100_000;
// Each is in as many slices as there may be workers; who owns which depends on how many there are.
// θ belongs to a number of commits: of steps that were not skipped.
const theta = (parity: number, slice: number): number => GHOSTS + parity * 16 + slice;
const gradient = (slice: number): number => GHOSTS + 32 + slice;
const sums = (slice: number): number => GHOSTS + 48 + slice;
const copied = (slice: number): number => GHOSTS + 64 + slice;
const best = (slice: number): number => GHOSTS + 800 + slice;
/** What the leader stores after an epoch: the epochs that were finished then, for even and for odd ones. */
const verdict = (epochs: number): number => GHOSTS + 820 + (epochs & 1);
/** How many workers train: known to the supervisor. */
const TRAINING = GHOSTS + 998;
const dataLoss = (step: number): number => GHOSTS + 80 + step;
const loss = (step: number): number => GHOSTS + 180 + step;
const epochLoss = (epoch: number): number => GHOSTS + 280 + epoch;

/** An operation that the checker carries out. A check compares words and fails the run when they differ. */
type Operation =
  | { readonly kind: "load" | "notify"; readonly at: number }
  | { readonly kind: "store"; readonly at: number; readonly value: number }
  | { readonly kind: "wait"; readonly at: number; readonly seen: number }
  | {
      readonly kind: "check";
      readonly what: string;
      readonly words: readonly (readonly [at: number, value: number])[];
      readonly stores: readonly (readonly [at: number, value: number])[];
    };

/** A local state of a thread: what it does next there, and where each answer leads. */
interface Place {
  readonly history: readonly number[];
  readonly parent: Place | null;
  readonly next: Operation | { readonly kind: "end"; readonly to: string | null };
  readonly answers: Map<number, Place>;
  readonly id: number;
}

/** Stops a thread's code at an operation that has no answer yet. */
class Pause {
  readonly operation: Operation;

  constructor(operation: Operation) {
    this.operation = operation;
  }
}

/** The words as one thread's code sees them while it is run again. */
class Replay implements SharedWords {
  readonly #history: readonly number[];
  #done = 0;

  constructor(history: readonly number[]) {
    this.#history = history;
  }

  #answer(operation: Operation): number {
    const answer = this.#history[this.#done];
    if (answer === undefined) throw new Pause(operation);
    this.#done += 1;
    return answer;
  }

  load(at: number): number {
    return this.#answer({ kind: "load", at });
  }

  loadNumber(at: number): number {
    return this.load(at);
  }

  store(at: number, value: number): void {
    this.#answer({ kind: "store", at, value });
  }

  storeNumber(at: number, value: number): void {
    this.store(at, value);
  }

  notify(at: number): void {
    this.#answer({ kind: "notify", at });
  }

  wait(at: number, seen: number): void {
    this.#answer({ kind: "wait", at, seen });
  }

  /** Fails unless the words have these values; then stores some. */
  check(
    what: string,
    words: readonly (readonly [number, number])[],
    ...stores: readonly (readonly [number, number])[]
  ): void {
    this.#answer({ kind: "check", what, words, stores });
  }
}

/** A piece of a thread's code, from one place where it remembers nothing to the next, null at its end. */
type Piece = (words: Replay) => string | null;

/** The places of all threads' code, found as they are reached. */
class Code {
  readonly #pieces: (name: string) => Piece;
  readonly #roots = new Map<string, Place>();
  #count = 0;

  constructor(pieces: (name: string) => Piece) {
    this.#pieces = pieces;
  }

  /** Where the piece begins. */
  root(name: string): Place {
    const known = this.#roots.get(name);
    if (known !== undefined) return known;
    const place = this.#explore(name, [], null);
    this.#roots.set(name, place);
    return place;
  }

  /** Where an answer leads. */
  after(place: Place, answer: number, name: string): Place {
    const known = place.answers.get(answer);
    if (known !== undefined) return known;
    const next = this.#explore(name, [...place.history, answer], place);
    place.answers.set(answer, next);
    return next;
  }

  #explore(name: string, history: readonly number[], parent: Place | null): Place {
    const place = (next: Place["next"]): Place => ({
      history,
      parent,
      next,
      answers: new Map(),
      id: (this.#count += 1),
    });
    try {
      return place({ kind: "end", to: this.#pieces(name)(new Replay(history)) });
    } catch (thrown) {
      if (thrown instanceof Pause) return place(thrown.operation);
      if (thrown instanceof Aborted) return place({ kind: "end", to: null });
      throw thrown;
    }
  }
}

const legsOf = ({ legs, workers }: Scenario): readonly number[] => legs ?? [workers];

/** The code of worker w in a leg: the start of a thread, then one phase after the other. */
function workerPiece(scenario: Scenario, w: number, at: string, leg: number): Piece {
  const { workers: maxWorkers, nonFinite } = scenario;
  const workers = legsOf(scenario)[leg] ?? 0;
  const phases = phasesOf(scenario.stepsPerEpoch, scenario.epochs, scenario.scores);
  const slices = Array.from({ length: maxWorkers }, (_, slice) => slice);
  const own = slices.filter((slice) => Math.floor((slice * workers) / maxWorkers) === w);
  return (words) => {
    const control = new Control(words);
    /** Something that takes its time: what it reads must hold when it begins and when it ends. */
    const work = (
      what: string,
      reads: readonly (readonly [number, number])[],
      to: (slice: number) => number,
      value: number,
    ): void => {
      words.check(`${what} begins`, reads, ...own.map((slice) => [to(slice), TORN] as const));
      words.check(`${what} ends`, reads, ...own.map((slice) => [to(slice), value] as const));
    };
    const every = (at: (slice: number) => number, value: number): (readonly [number, number])[] =>
      slices.map((slice) => [at(slice), value] as const);
    const thetaAfter =
      (commits: number) =>
      (slice: number): number =>
        theta(commits & 1, slice);
    const whole = (commits: number): (readonly [number, number])[] =>
      every(thetaAfter(commits), commits);
    const ownTheta = (commits: number): (readonly [number, number])[] =>
      own.map((slice) => [theta(commits & 1, slice), commits] as const);
    const skips = scenario.skips === true;
    const commitsBefore = (step: number): number =>
      step - (skips && nonFinite !== undefined && step > nonFinite.step ? 1 : 0);
    const line: Line = {
      phases,
      control,
      barrier: new Barrier(control, workers, w, false),
      maxWorkers,
      index: w,
      scoring: null,
      tracer: null,
      skips,
      storeHash: null,
      step: {
        gradients: (_, __, step, commits) =>
          work(`worker ${w}: gradients of step ${step}`, whole(commits), gradient, step),
        update: (_, __, step, commits) => {
          const reads = every(gradient, step);
          work(
            `worker ${w}: update of step ${step}`,
            [...reads, ...ownTheta(commits)],
            thetaAfter(commits + 1),
            commits + 1,
          );
          if (w === 0) words.check("the data loss", reads, [dataLoss(step), 1]);
          return nonFinite?.worker !== w || nonFinite.step !== step;
        },
        snapshot: (_, __, commits) =>
          work(`worker ${w}: snapshot after ${commits}`, ownTheta(commits), copied, commits),
        recordStep: (epoch, inEpoch) => {
          const step = epoch * phases.stepsPerEpoch + inEpoch;
          words.check(
            `the loss of step ${step}`,
            [...whole(commitsBefore(step + 1)), [dataLoss(step), 1]],
            [loss(step), 1],
          );
        },
        recordEpoch: (epoch) => {
          const scored = every(sums, epoch + 1);
          words.check(`the record of epoch ${epoch}`, scenario.scores ? scored : [], [
            epochLoss(epoch),
            1,
          ]);
        },
        endEpoch: (epoch, commits) => {
          if (scenario.enough === undefined) return false;
          const reads = [
            ...every(sums, epoch + 1),
            [verdict(epoch), epoch] as const,
            ...ownTheta(commits),
          ];
          work(`worker ${w}: the best of epoch ${epoch}`, reads, best, commits);
          if (w === 0)
            words.check(`the verdict of epoch ${epoch}`, reads, [verdict(epoch + 1), epoch + 1]);
          return epoch === scenario.enough;
        },
        hasConverged: () => false,
        shardsOf: () => [],
        tryShard: () => {},
      },
    };
    const position: Position = { finished: 0, phase: "gradients", epoch: 0, inEpoch: 0, step: 0 };
    if (at === "start") {
      start(line, position);
      return `${w}:${position.finished}:${leg}`;
    }
    const pass = (over: Line): string | null => {
      const passed = passPhase(over, position);
      if (passed === "paused") return PAUSE;
      return passed === "passed" ? `${w}:${position.finished}:${leg}` : null;
    };
    moveTo(position, phases, Number(at));
    if (position.phase === "score") {
      const { epoch, step } = position;
      const commits = commitsBefore(step);
      const scoring = {
        run: () => work(`worker ${w}: scores of epoch ${epoch}`, whole(commits), sums, epoch + 1),
        fold: () => {},
      };
      return pass({ ...line, scoring });
    }
    return pass(line);
  };
}

/** Everybody who is not a worker. */
function otherPiece(scenario: Scenario, name: string): Piece {
  const { workers } = scenario;
  const phases = phasesOf(scenario.stepsPerEpoch, scenario.epochs, scenario.scores);
  return (words) => {
    const control = new Control(words);
    const [who, state] = name.split(":");
    switch (who) {
      case "stop":
        control.requestStop();
        return null;
      case "abort":
        control.abort(workers);
        return null;
      case "change":
        control.requestPause();
        return null;
      case "snapshots": {
        // As in checkpoints.ts: ask, look until it is complete, write it, ask again.
        const left = Number(state?.slice(1));
        if (state?.startsWith("a")) {
          control.requestSnapshot();
          return `snapshots:l${left}`;
        }
        const step = control.snapshotStep;
        const training = words.load(TRAINING);
        if (step < 0 || !snapshotComplete(control, training, finishedPhases(phases, step)))
          return name;
        const reads = Array.from({ length: workers }, (_, v) => [copied(v), step] as const);
        words.check(`writing the snapshot of step ${step} begins`, reads, [GHOSTS + 999, step]);
        words.check(`writing the snapshot of step ${step} ends`, reads, [GHOSTS + 999, step]);
        return left > 1 ? `snapshots:a${left - 1}` : null;
      }
      default:
        throw new Error(`model: nobody is called ${name}`);
    }
  };
}

const RUNS = -1;
const DEAD = -2;
const DONE = -3;
const PAUSED = -4;
/** Where a worker's code goes that pauses. */
const PAUSE = "pause";

/** One thread in a state of the whole. */
interface Thread {
  readonly name: string; // of its piece
  readonly place: Place | null;
  /** RUNS, DEAD, DONE, PAUSED, or the word at which it sleeps. */
  readonly status: number;
}

interface State {
  readonly words: readonly number[];
  readonly threads: readonly Thread[];
  readonly deaths: number;
  readonly leg: number;
}

const ended = (status: number): Thread => ({ name: "", place: null, status });

/** A state that was reached, and how. */
interface Entry {
  readonly state: State;
  readonly from: Entry | null;
  readonly by: string;
}

/** Explores every interleaving. Throws Error that tells the history when a check fails or nobody can go on. */
export function explore(scenario: Scenario): Explored {
  const { workers } = scenario;
  const code = new Code((name) => {
    const [who, at, leg] = name.split(":");
    return /^\d+$/.test(who ?? "")
      ? workerPiece(scenario, Number(who), at ?? "start", Number(leg))
      : otherPiece(scenario, name);
  });
  const slots = new Map<number, number>();
  const slotOf = (at: number): number => {
    const known = slots.get(at);
    if (known !== undefined) return known;
    slots.set(at, slots.size);
    return slots.size - 1;
  };
  const control: number[] = [];
  const plain: SharedWords = {
    load: (at) => control[slotOf(at)] ?? 0,
    store: (at, value) => void (control[slotOf(at)] = value),
    loadNumber: (at) => control[slotOf(at)] ?? 0,
    storeNumber: (at, value) => void (control[slotOf(at)] = value),
    notify: () => {},
    wait: () => {},
  };
  // Words that are never used would only make states long.
  new Control({
    ...plain,
    store: (at, value) => void (value !== 0 && plain.store(at, value)),
  }).reset(workers, phasesOf(scenario.stepsPerEpoch, scenario.epochs, scenario.scores), 0);

  const others = [
    ...(scenario.stop ? ["stop"] : []),
    ...(scenario.abort ? ["abort"] : []),
    ...(scenario.snapshots ? [`snapshots:a${scenario.snapshots}`] : []),
  ];
  const legs = legsOf(scenario);
  if (scenario.snapshots) plain.store(TRAINING, legs[0] ?? 0);
  const begun = (name: string): Thread => ({ name, place: code.root(name), status: RUNS });
  /** The workers of a leg, and who asks for the next. */
  const threadsOf = (leg: number): Thread[] => [
    ...Array.from({ length: workers }, (_, w) =>
      w < (legs[leg] ?? 0) ? begun(`${w}:start:${leg}`) : ended(DONE),
    ),
    leg + 1 < legs.length ? begun("change") : ended(DONE),
  ];
  const first: State = {
    words: control,
    threads: [...threadsOf(0), ...others.map(begun)],
    deaths: 0,
    leg: 0,
  };

  const keyOf = ({ words, threads, deaths, leg }: State): string =>
    `${words.join()}|${threads.map(({ place, status }) => `${place?.id ?? 0}.${status}`).join()}|${deaths}|${leg}`;
  const seen = new Set([keyOf(first)]);
  const ends = new Set<number>();
  const changes = new Set<number>();
  const written = new Set<number>();
  const open: Entry[] = [{ state: first, from: null, by: "start" }];
  const fail = (why: string, at: Entry): never => {
    const history: string[] = [];
    for (let entry: Entry | null = at; entry !== null; entry = entry.from)
      history.unshift(entry.by);
    throw new Error(`${why}, after\n${history.join("\n")}`);
  };

  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const { state } = entry;
    const here = entry;
    let moves = 0;
    const move = (next: State, by: string): void => {
      moves += 1;
      const key = keyOf(next);
      if (seen.has(key)) return;
      seen.add(key);
      open.push({ state: next, from: here, by });
    };
    state.threads.forEach((thread, i) => {
      const isWorker = i < (legs[state.leg] ?? 0);
      const put = (changed: Thread): Thread[] => state.threads.with(i, changed);
      if (thread.status === DEAD) {
        const fresh = begun(`${i}:start:${state.leg}`);
        move({ ...state, threads: put(fresh) }, `worker ${i} is replaced`);
        return;
      }
      // Also one that is done, before it has said so.
      if (isWorker && state.deaths < scenario.deaths)
        move({ ...state, threads: put(ended(DEAD)), deaths: state.deaths + 1 }, `worker ${i} ends`);
      if (thread.status === DONE || thread.status === PAUSED) return;
      const { place } = thread;
      if (place === null) return;
      if (thread.status >= 0) {
        // The time-out is there for an abort that comes between the look and the sleep, and for that alone.
        if (scenario.abort && plainAborted(state)) {
          const threads = put({ ...thread, place: backToLook(place), status: RUNS });
          move({ ...state, threads }, `worker ${i} sleeps no longer`);
        }
        return;
      }
      carryOut(here, thread, i, put, move);
    });
    const statuses = new Set(state.threads.slice(0, legs[state.leg]).map(({ status }) => status));
    if (statuses.has(PAUSED) && statuses.has(DONE)) fail("some pause and some are done", here);
    if (statuses.size === 1 && statuses.has(DONE)) checkEnd(here);
    else if (statuses.size === 1 && statuses.has(PAUSED))
      move(nextLeg(state), "the next leg begins");
    else if (moves === 0) fail("nobody can go on", here);
  }
  return { states: seen.size, ends, changes, snapshots: written.size };

  /** What the supervisor does when all have paused. */
  function nextLeg(state: State): State {
    const words = [...state.words];
    const leg = state.leg + 1;
    const writer: SharedWords = {
      ...plain,
      load: (at) => words[slotOf(at)] ?? 0,
      store: (at, value) => {
        while (words.length < slotOf(at)) words.push(0);
        words[slotOf(at)] = value;
      },
    };
    new Control(writer).goOn(legs[leg] ?? 0);
    if (scenario.snapshots) writer.store(TRAINING, legs[leg] ?? 0);
    const threads = [...threadsOf(leg), ...state.threads.slice(workers + 1)];
    return { words, threads, deaths: state.deaths, leg };
  }

  function plainAborted({ words }: State): boolean {
    const probe: SharedWords = { ...plain, load: (at) => words[slotOf(at)] ?? 0 };
    return new Control(probe).aborted;
  }

  /** After a sleep the barrier looks again: at the word, at `abort`, and sleeps. It remembers nothing of the look before. */
  function backToLook(place: Place): Place {
    const look = place.parent?.parent;
    if (look?.next.kind !== "load" || place.next.kind !== "wait" || look.next.at !== place.next.at)
      throw new Error("model: the barrier does not look, look for an abort, and sleep any more");
    return look;
  }

  function settle(thread: Thread): Thread {
    let { name, place } = thread;
    while (place?.next.kind === "end") {
      const { to } = place.next;
      if (to === null) return ended(DONE);
      if (to === PAUSE) return ended(PAUSED);
      name = to;
      place = code.root(to);
    }
    return { name, place, status: RUNS };
  }

  function carryOut(
    from: Entry,
    thread: Thread,
    i: number,
    put: (changed: Thread) => Thread[],
    move: (next: State, by: string) => void,
  ): void {
    const { state } = from;
    const { place, name } = thread;
    if (place === null || place.next.kind === "end") return;
    const operation = place.next;
    const go = (answer: number): Thread =>
      settle({ name, place: code.after(place, answer, name), status: RUNS });
    const by = `${i < workers ? `worker ${i}` : name}: ${JSON.stringify(operation)}`;
    const get = (at: number): number => state.words[slotOf(at)] ?? 0;
    const set = (at: number, value: number, before = state.words): number[] => {
      const words = [...before];
      const slot = slotOf(at);
      while (words.length < slot) words.push(0);
      words[slot] = value;
      return words;
    };
    switch (operation.kind) {
      case "load":
        return move({ ...state, threads: put(go(get(operation.at))) }, by);
      case "store":
        return move(
          { ...state, words: set(operation.at, operation.value), threads: put(go(0)) },
          by,
        );
      case "notify": {
        const threads = put(go(0)).map((other) =>
          other.status === operation.at && other.place !== null
            ? { ...other, place: backToLook(other.place), status: RUNS }
            : other,
        );
        return move({ ...state, threads }, by);
      }
      case "wait":
        return move(
          {
            ...state,
            threads: put(
              get(operation.at) === operation.seen
                ? { ...thread, status: operation.at }
                : { ...thread, place: backToLook(place) },
            ),
          },
          by,
        );
      case "check": {
        for (const [at, value] of operation.words)
          if (get(at) !== value) fail(`${by}: a word is of ${get(at)}, not ${value}`, from);
        let words = state.words;
        for (const [at, value] of operation.stores) {
          if (at === GHOSTS + 999) written.add(value);
          words = set(at, value, words);
        }
        return move({ ...state, words, threads: put(go(0)) }, by);
      }
    }
  }

  /** All workers have left: at the same place, with every step up to there committed, recorded and whole. */
  function checkEnd(at: Entry): void {
    const get = (word: number): number => at.state.words[slotOf(word)] ?? 0;
    const reader: SharedWords = { ...plain, load: get, loadNumber: get };
    const control = new Control(reader);
    if (control.aborted) return;
    const phases = phasesOf(scenario.stepsPerEpoch, scenario.epochs, scenario.scores);
    const position: Position = { finished: 0, phase: "gradients", epoch: 0, inEpoch: 0, step: 0 };
    const places = Array.from({ length: legs[at.state.leg] ?? 0 }, (_, w) => control.phase(w));
    if (new Set(places).size > 1) fail(`the workers left at ${places.join()}`, at);
    moveTo(position, phases, places[0] ?? 0);
    const bad = scenario.nonFinite !== undefined && position.step > scenario.nonFinite.step;
    const skipped = bad && scenario.skips === true ? 1 : 0;
    const cancelled = bad && skipped === 0;
    const steps = cancelled ? position.step - 1 : position.step;
    if (control.steps !== steps) fail(`${control.steps} steps are counted, ${steps} done`, at);
    const commits = steps - skipped;
    for (let w = 0; w < workers; w += 1)
      if (get(theta(commits & 1, w)) !== commits)
        fail(`slice ${w} is of commit ${get(theta(commits & 1, w))}, not ${commits}`, at);
    for (let step = 0; step < steps; step += 1)
      if (get(loss(step)) !== 1) fail(`the loss of step ${step} is not recorded`, at);
    if (control.epochs !== Math.floor(steps / phases.stepsPerEpoch) && !cancelled)
      fail(`${control.epochs} epochs are recorded after ${steps} steps`, at);
    if (scenario.enough !== undefined)
      for (let w = 0; w < workers; w += 1)
        if (get(best(w)) !== commits) fail(`slice ${w} of the best is of step ${get(best(w))}`, at);
    ends.add(steps);
    changes.add(at.state.leg);
  }
}
