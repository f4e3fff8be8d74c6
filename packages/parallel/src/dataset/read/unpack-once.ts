// Pages that are looked at before a library reads them are unpacked once.
import type { Compressors } from "hyparquet";

/** What unpacks pages for whoever looks at them first, and what for the library after it. */
export interface UnpackedOnce {
  readonly first: Compressors;
  /** Hands over what `first` has made of the same bytes, once; unpacks others. */
  readonly again: Compressors;
  /** Drops what was not asked for again. */
  forget(): void;
}

/** Unpackers that share what they have unpacked. */
export function unpackOnce(unpackers: Compressors): UnpackedOnce {
  let pages: { readonly packed: Uint8Array; readonly content: Uint8Array }[] = [];
  const first: Compressors = {};
  const again: Compressors = {};
  for (const codec of Object.keys(unpackers) as (keyof Compressors)[]) {
    const unpack = unpackers[codec];
    if (unpack === undefined) continue;
    first[codec] = (packed, length) => {
      const content = unpack(packed, length);
      pages.push({ packed, content });
      return content;
    };
    again[codec] = (packed, length) => {
      // Pages come in the same order, so it is the first one as a rule.
      const at = pages.findIndex((page) => Buffer.compare(page.packed, packed) === 0);
      return pages.splice(at, at < 0 ? 0 : 1)[0]?.content ?? unpack(packed, length);
    };
  }
  return { first, again, forget: () => void (pages = []) };
}
