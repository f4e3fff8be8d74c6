// Starts threads for a job that never comes.
import { startThreads } from "@shardgrad/parallel/ahead";

process.on("exit", (code) => console.log(JSON.stringify({ code })));
startThreads(2);
