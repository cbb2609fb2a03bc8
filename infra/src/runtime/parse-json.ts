const text = new TextDecoder();

/** What JSON says, as text or UTF-8; undefined where it is none. */
export function parseJson(json: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof json === 'string' ? json : text.decode(json));
  } catch {
    return undefined;
  }
}
