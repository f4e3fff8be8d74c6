// Loaded before our process among the peers, in all of its threads: koffi is taken from the folder of the peers.
import { register } from "node:module";

const hook = `export const resolve = (specifier, context, next) =>
  next(specifier, specifier === "koffi" ? { ...context, parentURL: ${JSON.stringify(
    new URL("../../.cache/peers/package.json", import.meta.url).href,
  )} } : context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
