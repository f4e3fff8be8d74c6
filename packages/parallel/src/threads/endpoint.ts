// comlink over worker_threads: pending calls fail when the other thread ends, and errors keep their class, code and cause.
import { transferHandlers, type Endpoint } from "comlink";
import type { MessagePort, Worker } from "node:worker_threads";

/** An error as it crosses threads. */
interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | number | undefined;
  readonly cause: WireError | undefined;
}

function toWire(value: unknown): WireError {
  if (!(value instanceof Error))
    return {
      name: "Error",
      message: String(value),
      stack: undefined,
      code: undefined,
      cause: undefined,
    };
  const { name, message, stack } = value;
  const { code } = value as { code?: unknown };
  return {
    name,
    message,
    stack,
    code: typeof code === "string" || typeof code === "number" ? code : undefined,
    cause: value.cause === undefined ? undefined : toWire(value.cause),
  };
}

function fromWire({ name, message, stack, code, cause }: WireError): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: fromWire(cause) });
  return Object.assign(error, { name, stack }, code === undefined ? {} : { code });
}

// comlink's own "throw" handler loses class, code and cause; which values it handles stays as it is.
const original = transferHandlers.get("throw");
transferHandlers.set("throw", {
  canHandle: (value): value is { value: unknown } => original?.canHandle(value) ?? false,
  serialize: ({ value }: { value: unknown }) => [toWire(value), []],
  deserialize: (wire: WireError) => {
    throw fromWire(wire);
  },
});

const WORKER_ENDED = "WorkerEnded";

/** Whether an error says that the worker that was called has ended; if not, it lives and has thrown the error. */
export function saysWorkerEnded(error: unknown): boolean {
  return error instanceof Error && error.name === WORKER_ENDED;
}

type Listener = EventListenerOrEventListenerObject;

/** The endpoint of a thread's own port to its parent. */
export function parentEndpoint(port: MessagePort): Endpoint {
  const wrapped = new Map<Listener, (data: unknown) => void>();
  return {
    postMessage: (message, transfer) => port.postMessage(message, transfer as never),
    addEventListener: (_, listener) => {
      const call = (data: unknown): void => deliver(listener, data);
      wrapped.set(listener, call);
      port.on("message", call);
    },
    removeEventListener: (_, listener) => {
      const call = wrapped.get(listener);
      if (call !== undefined) port.off("message", call);
    },
  };
}

function deliver(listener: Listener, data: unknown): void {
  const event = { data } as MessageEvent;
  if (typeof listener === "function") listener(event);
  else listener.handleEvent(event);
}

/**
 * The endpoint of a worker, seen from the thread that started it. When the worker ends, every pending call and every
 * later one is answered with an error that says how it ended.
 */
export function workerEndpoint(worker: Worker, name: string): Endpoint {
  const listeners = new Set<Listener>();
  const pending = new Set<string>();
  let ended: Error | undefined;
  const answer = (id: string): void => {
    const data = { id, type: "HANDLER", name: "throw", value: toWire(ended) };
    for (const listener of listeners) deliver(listener, data);
  };
  const end = (error: Error): void => {
    error.name = WORKER_ENDED;
    ended ??= error;
    for (const id of pending) answer(id);
    pending.clear();
  };
  worker.on("message", (data: { id?: string }) => {
    if (data.id !== undefined) pending.delete(data.id);
    for (const listener of listeners) deliver(listener, data);
  });
  worker.on("error", (error) =>
    end(
      new Error(`${name} failed: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      }),
    ),
  );
  worker.on("messageerror", (error) =>
    end(new Error(`${name} sent a message that could not be read: ${error.message}`)),
  );
  worker.on("exit", (code) => end(new Error(`${name} ended with exit code ${code}`)));
  return {
    postMessage: (message: { id?: string }, transfer) => {
      if (message.id !== undefined) pending.add(message.id);
      const { id } = message;
      if (ended === undefined) worker.postMessage(message, transfer as never);
      else if (id !== undefined) queueMicrotask(() => answer(id));
    },
    addEventListener: (_, listener) => listeners.add(listener),
    removeEventListener: (_, listener) => listeners.delete(listener),
  };
}
