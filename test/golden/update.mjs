// Writes golden.json anew: node test/golden/update.mjs. Only after a change that is meant to change results.
import { writeFileSync } from "node:fs";
import { numerics } from "./numerics.mjs";
import { trainings } from "./trainings.mjs";

const golden = { ...numerics(), ...(await trainings(1)) };
writeFileSync(new URL("golden.json", import.meta.url), `${JSON.stringify(golden, undefined, 2)}\n`);
console.log(
  `${Object.keys(golden).length} values written by Node ${process.version} on ${process.arch}`,
);
