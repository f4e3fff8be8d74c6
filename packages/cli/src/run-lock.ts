// A lock on a run folder that ends with its process, however the process ends.
import { createHash } from "node:crypto";
import { realpath, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "./usage-error.js";

/**
 * Locks `folder` until the process ends or the function that is returned is called. Throws UsageError when another
 * process of this machine has it. The lock is the address of a socket: the system takes it back from a dead process.
 */
export async function lockRun(folder: string): Promise<() => Promise<void>> {
  const address = addressOf(await realpath(folder));
  let server = await listen(address);
  if (server === null && isFile(address) && !(await answers(address))) {
    await rm(address, { force: true }); // left by a process that was killed
    server = await listen(address);
  }
  if (server === null)
    throw new UsageError(
      `${folder}: another process is training this run; wait for it, or end it first`,
    );
  const held = server;
  held.unref(); // the lock alone keeps nobody alive
  return () => new Promise((resolve) => held.close(() => resolve()));
}

function addressOf(folder: string): string {
  const name = `shardgrad-${createHash("sha256").update(folder).digest("hex").slice(0, 32)}`;
  if (process.platform === "linux") return `\0${name}`; // has no file: gone with the process
  if (process.platform === "win32") return `\\\\.\\pipe\\${name}`; // likewise
  return join(tmpdir(), `${name}.sock`);
}

const isFile = (address: string): boolean => address.startsWith("/");

/** Null when the address is taken. */
function listen(address: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(null) : reject(error),
    );
    server.listen(address, () => resolve(server));
  });
}

/** Whether somebody listens there. */
function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
