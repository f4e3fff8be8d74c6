// What came of one run of a trainer whose workers end: its error or its hash, scores and restarts.

/**
 * @param {import("@shardgrad/parallel").Trainer} trainer closed when the run is over
 * @param {readonly number[]} changes numbers of workers that the run gets one after the other, each when the last trains
 */
export async function outcomeOf(trainer, changes = []) {
  const run = trainer.run();
  const changed = (async () => {
    for (const workers of changes) await run.setWorkers(workers);
  })();
  /** @type {{ worker: number, step: number, reason: string }[]} */
  const restarts = [];
  let error = null;
  try {
    for await (const event of run) if (event.type === "restart") restarts.push(event);
  } catch (thrown) {
    error = String(thrown);
  }
  const result = await run.result.catch(() => null);
  await changed;
  await trainer.close();
  return {
    error,
    restarts,
    hash: result?.hash,
    epochs: result?.epochs.map(({ loss, validation }) => ({ loss, validation })),
  };
}
