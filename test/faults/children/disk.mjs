// Loaded before anything else in every thread: opening a file whose path contains DISK_PATH fails with DISK_ERROR, from
// the DISK_AFTER-th time on.
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const { DISK_PATH = "\0", DISK_ERROR = "ENOSPC", DISK_AFTER = "1" } = process.env;
let times = 0;
for (const name of ["open", "stat"]) {
  const original = promises[name];
  promises[name] = (path, ...rest) => {
    if (String(path).includes(DISK_PATH)) times += 1;
    if (!String(path).includes(DISK_PATH) || times < Number(DISK_AFTER))
      return original(path, ...rest);
    return Promise.reject(
      Object.assign(new Error(`${DISK_ERROR}: made up for a test`), { code: DISK_ERROR }),
    );
  };
}
syncBuiltinESMExports();
