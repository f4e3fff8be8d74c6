// Formats every source in place, or the files named.
import { node, tool } from "./run.mjs";

process.exitCode = node(tool("test", "oxfmt"), process.argv.slice(2));
