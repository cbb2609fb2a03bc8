import * as t from 'io-ts';
import { Codec } from '../codec.js';
import { shape, variants } from '../shape.js';
import { boundedText, patternedText, utf8Length } from '../text.js';

/** Largest body in bytes: of UTF-8 for text, of ciphertext for sealed ones. */
export const MAX_BODY_BYTES = 65_536;

const Text = boundedText('text', 1, MAX_BODY_BYTES);

/** Codec of base64, ordinary or url-safe, padded or not, of 1 to `maxBytes` bytes. */
function base64(name: string, maxBytes: number): Codec<string> {
  const digit = '[A-Za-z0-9+/_-]';
  const pattern = `^(?:${digit}{4})*(?:${digit}{4}|${digit}{3}=?|${digit}{2}(?:==)?)$`;
  const form = new RegExp(pattern);
  const maxChars = Math.ceil(maxBytes / 3) * 4;
  const rule = `base64 of 1 to ${maxBytes} bytes`;
  return new Codec(
    name,
    t.string.is,
    (input, context) =>
      typeof input === 'string' &&
      input.length <= maxChars &&
      base64Bytes(input) <= maxBytes &&
      form.test(input)
        ? t.success(input)
        : t.failure(input, context, `must be ${rule}`),
    () => ({ type: 'string', title: name, description: rule, pattern, maxLength: maxChars }),
  );
}

function base64Bytes(text: string): number {
  const digits = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  return Math.floor((digits * 3) / 4);
}

/** Plain text of 1 to 65,536 bytes of UTF-8. `emote` marks an action (`* ann waves`). */
export const TextBody = shape({ kind: t.literal('text'), text: Text }, { emote: t.literal(true) });

/** End-to-end encrypted by the clients: nothing of ours reads inside it. */
export const SealedBody = shape({
  kind: t.literal('sealed'),
  ciphertext: base64('ciphertext', MAX_BODY_BYTES),
  nonce: base64('nonce', 64),
  tag: base64('tag', 64),
});

export const Body = variants(
  'kind',
  { text: TextBody, sealed: SealedBody },
  'a body of kind "text" or "sealed"',
);
export type Body = t.TypeOf<typeof Body>;

/**
 * A body as the log, Postgres and Redis carry it: text that only the command-api and the gateway look into. Its first
 * characters name the scheme, so that readers of an older scheme go on working; `p0.` is the body's JSON as it is.
 */
export const OpaqueBody = patternedText('opaque body', /^[a-z][0-9]\./, 'a scheme and a payload');
export type OpaqueBody = t.TypeOf<typeof OpaqueBody>;

/** JSON text of a body or title, as it is before it is sealed. */
export const closeJson = (json: string): OpaqueBody => `p0.${json}`;

export const closeBody = (body: Body): OpaqueBody => closeJson(JSON.stringify(body));

/** A title as the log, Postgres and Redis carry it: what is within is the JSON of a text. */
export const closeTitle = (title: string): OpaqueBody => closeJson(JSON.stringify(title));

/** JSON text of what is within, unchecked, or undefined for a scheme this process does not know. */
export const openBodyJson = (opaque: OpaqueBody): string | undefined =>
  opaque.startsWith('p0.') ? opaque.slice(3) : undefined;

/** The body within, or undefined where it cannot be read: another scheme, or damaged. */
export function openBody(opaque: OpaqueBody): Body | undefined {
  const json = openBodyJson(opaque);
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json) as Body;
  } catch {
    return undefined;
  }
}

/** A short plain-text line for lists: at most `max` bytes of UTF-8, or undefined where nothing may be read. */
export function previewOf(body: Body, max = 140): string | undefined {
  if (body.kind !== 'text') return undefined;
  const line = body.text.replace(/\s+/g, ' ').trim();
  return utf8Length(line) <= max ? line : `${cut(line, max - ELLIPSIS_BYTES)}…`;
}

const ELLIPSIS_BYTES = 3;

/** As many whole characters as fit into `max` bytes. */
function cut(line: string, max: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of line) {
    bytes += utf8Length(character);
    if (bytes > max) break;
    end += character.length;
  }
  return line.slice(0, end);
}
