// Finds a key that occurs twice in an object of a JSON text, which JSON.parse passes over in silence.

/** The first key that an object of `json` states twice, or null. `json` must be valid JSON. */
export function duplicateKey(json: string): string | null {
  const open: (Set<string> | null)[] = []; // the keys of each open object; null for an array
  let expectKey = false;
  for (let i = 0; i < json.length; i += 1) {
    const character = json[i];
    if (character === "{") {
      open.push(new Set());
      expectKey = true;
    } else if (character === "[") {
      open.push(null);
    } else if (character === "}" || character === "]") {
      open.pop();
      expectKey = false;
    } else if (character === ",") {
      expectKey = open.at(-1) instanceof Set;
    } else if (character === '"') {
      const end = stringEnd(json, i);
      const keys = open.at(-1);
      if (expectKey && keys instanceof Set) {
        const key = String(JSON.parse(json.slice(i, end))); // escapes resolved: "a" and "\u0061" are one key
        if (keys.has(key)) return key;
        keys.add(key);
        expectKey = false;
      }
      i = end - 1;
    }
  }
  return null;
}

/** The position after the string that starts at `start`. */
function stringEnd(json: string, start: number): number {
  let i = start + 1;
  while (i < json.length && json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
  return i + 1;
}
