// Events from a producer that never waits to a reader who may be slow or absent.

/** A queue read by `for await`. Of neighbouring events that `coalesce` only the newest is kept. */
export class EventQueue<Event> implements AsyncIterable<Event> {
  readonly #events: Event[] = [];
  readonly #coalesce: (event: Event) => boolean;
  #ended: { error: unknown } | null | undefined; // null: ended well
  #wake: (() => void) | undefined;

  constructor(coalesce: (event: Event) => boolean) {
    this.#coalesce = coalesce;
  }

  push(event: Event): void {
    const last = this.#events.at(-1);
    if (last !== undefined && this.#coalesce(last) && this.#coalesce(event))
      this.#events[this.#events.length - 1] = event;
    else this.#events.push(event);
    this.#wake?.();
  }

  /** No more events; readers finish, or throw when there is an error. */
  end(error?: unknown): void {
    this.#ended ??= error === undefined ? null : { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Event> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else if (this.#ended === null) return;
      else if (this.#ended !== undefined) throw this.#ended.error;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
