// Starts a run that fails, and looks neither at its result nor at its events.
import { Trainer } from "@shardgrad/parallel";
import { job } from "./job.mjs";

process.on("exit", (code) => console.log(JSON.stringify({ code })));
process.env.DIE = Array.from({ length: 20 }, (_, i) => `${i}:1`).join(",");
new Trainer(job).run();
