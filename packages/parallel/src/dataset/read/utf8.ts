// Checks that bytes are text.
import { InputError } from "../table/input-error.js";
import type { Source } from "./source.js";

/** The chunks of a file as text, without its byte order mark. Throws InputError when they are not UTF-8 or hold a zero byte. */
export async function* textChunks(
  source: Pick<Source, "path">,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let position = 0;
  const decode = (chunk: Uint8Array, stream: boolean): string => {
    if (chunk.includes(0))
      throw new InputError(
        `${source.path}: byte ${position + chunk.indexOf(0)} is 0: not a text file, or one in UTF-16; save it in UTF-8`,
      );
    try {
      return decoder.decode(chunk, { stream });
    } catch (error) {
      throw new InputError(
        `${source.path}: not text in UTF-8 (within bytes ${position} to ${position + chunk.length}); save it as UTF-8`,
        { cause: error },
      );
    }
  };
  for await (const chunk of chunks) {
    const text = decode(chunk, true);
    position += chunk.length;
    if (text !== "") yield text;
  }
  decode(new Uint8Array(0), false); // throws when a character is cut short
}
