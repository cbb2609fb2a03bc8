import { parseJson } from '@parley/infra/runtime/parse-json';

/**
 * What a message of the log says, as far as it can be decoded, and nothing that people wrote in it: bodies and titles are told by their
 * length, sealed or not. Bytes that are no JSON may hold one too, so of those there is the length alone.
 */
export function closedPayload(payload: Uint8Array): unknown {
  const json = parseJson(payload);
  if (json === undefined) return `${payload.length} bytes that are not JSON`;
  return closed(json);
}

const WRITTEN = new Set(['body', 'title']);

function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inside]) => [
      name,
      WRITTEN.has(name) && typeof inside === 'string' ? `${inside.length} characters` : closed(inside),
    ]),
  );
}
