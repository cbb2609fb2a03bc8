const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What JSON says, given as text or as UTF-8; undefined where it is not that. */
export function parseJson(json: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof json === 'string' ? json : utf8.decode(json));
  } catch {
    return undefined;
  }
}
