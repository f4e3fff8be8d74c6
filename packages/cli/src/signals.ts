// Ctrl-C and SIGTERM: the first asks the run to stop at its next step, the second ends the process at once.

/** What the process was asked to do while it listened. */
export interface SignalWatch {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** 130 after SIGINT, 143 after SIGTERM, else null. */
  exitCode(): 130 | 143 | null;
  /** Gives the signals back their usual meaning. */
  close(): void;
}

/** Listens from now on; `onFirst` may tell the user what happens. */
export function watchSignals(onFirst: () => void): SignalWatch {
  const controller = new AbortController();
  let code: 130 | 143 | null = null;
  const on = (received: 130 | 143) => (): void => {
    if (code !== null) process.exit(received);
    code = received;
    onFirst();
    controller.abort();
  };
  const interrupt = on(130);
  const terminate = on(143);
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", terminate);
  return {
    signal: controller.signal,
    exitCode: () => code,
    close: () => {
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", terminate);
    },
  };
}
