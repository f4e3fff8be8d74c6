// Loaded before anything else in every thread: opening a file whose path contains DISK_PATH fails with DISK_ERROR, from
// the DISK_AFTER-th time on; with DISK_SINCE from when a file with that in its path was opened.
import fs from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const { DISK_PATH = "\0", DISK_ERROR = "ENOSPC", DISK_AFTER = "1" } = process.env;
const { DISK_SINCE = "" } = process.env;
let times = 0;
let begun = DISK_SINCE === "";

const fails = (path) => {
  if (DISK_SINCE !== "" && String(path).includes(DISK_SINCE)) begun = true;
  if (!begun || !String(path).includes(DISK_PATH)) return false;
  times += 1;
  return times >= Number(DISK_AFTER);
};

const { open } = promises;
promises.open = (path, ...rest) =>
  fails(path)
    ? Promise.reject(
        Object.assign(new Error(`${DISK_ERROR}: made up for a test`), { code: DISK_ERROR }),
      )
    : open(path, ...rest);
const { createReadStream } = fs;
// A stream tells of its error by itself: that of a file that is not there.
fs.createReadStream = (path, ...rest) =>
  createReadStream(fails(path) ? `${String(path)}.vanished` : path, ...rest);
syncBuiltinESMExports();
