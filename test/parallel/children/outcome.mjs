// What came of one run of a trainer whose workers end: its error or its hash, scores and restarts.

/** @param {import("@shardgrad/parallel").Trainer} trainer closed when the run is over */
export async function outcomeOf(trainer) {
  const run = trainer.run();
  /** @type {{ worker: number, step: number, reason: string }[]} */
  const restarts = [];
  let error = null;
  try {
    for await (const event of run) if (event.type === "restart") restarts.push(event);
  } catch (thrown) {
    error = String(thrown);
  }
  const result = await run.result.catch(() => null);
  await trainer.close();
  return {
    error,
    restarts,
    hash: result?.hash,
    epochs: result?.epochs.map(({ loss, validation }) => ({ loss, validation })),
  };
}
