// Trains on the CSV file argv[2], streamed, once for each plan in argv[3] of when the reading thread ends; prints hash or error, one JSON line each.
import { dense, sequential } from "@shardgrad/core";
import { featureWidth, fitStream, streamFiles, Trainer } from "@shardgrad/parallel";

const { data } = await fitStream(await streamFiles(process.argv[2] ?? ""), { target: "y" });
for (const deaths of JSON.parse(process.argv[3] ?? "[]")) {
  process.env.DIE_READING = deaths;
  const trainer = new Trainer({
    model: sequential(featureWidth(data), [dense(4, { activation: "tanh" }), dense(1)]),
    data,
    shuffleBuffer: 64,
    batchSize: 32,
    epochs: 2,
    workers: 2,
  });
  const outcome = await trainer.run().result.then(
    ({ hash }) => ({ hash }),
    (/** @type {Error} */ error) => ({ error: error.message }),
  );
  console.log(JSON.stringify(outcome));
  await trainer.close();
}
