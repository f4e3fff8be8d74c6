#!/usr/bin/env node
import module from "node:module";

module.enableCompileCache?.(); // where Node has it, compiled code is kept for the next start
const { main } = await import("../dist/index.js");
process.exitCode = await main(process.argv.slice(2));
