import * as t from 'io-ts';
import { boundedText, patternedText, utf8Length } from '../text.js';

/** Largest body in bytes: of UTF-8 for text, of ciphertext for sealed ones. */
export const MAX_BODY_BYTES = 65_536;

const Text = boundedText('text', 1, MAX_BODY_BYTES);

const base64 = (name: string, maxBytes: number): t.Type<string, string, unknown> => {
  const maxChars = Math.ceil(maxBytes / 3) * 4;
  const pattern = /^[A-Za-z0-9+/_-]+={0,2}$/;
  return new t.Type(
    name,
    t.string.is,
    (input, context) =>
      typeof input === 'string' && input.length <= maxChars && pattern.test(input)
        ? t.success(input)
        : t.failure(input, context, `${name} must be base64 of at most ${maxBytes} bytes`),
    t.identity,
  );
};

/** Plain text of 1 to 65,536 bytes of UTF-8. `emote` marks an action (`* ann waves`). */
export const TextBody = t.intersection([
  t.strict({ kind: t.literal('text'), text: Text }),
  t.exact(t.partial({ emote: t.literal(true) })),
]);

/** End-to-end encrypted by the clients: nothing of ours reads inside it. */
export const SealedBody = t.strict({
  kind: t.literal('sealed'),
  ciphertext: base64('ciphertext', MAX_BODY_BYTES),
  nonce: base64('nonce', 64),
  tag: base64('tag', 64),
});

export const Body = t.union([TextBody, SealedBody], 'body');
export type Body = t.TypeOf<typeof Body>;

/**
 * A body as the log, Postgres and Redis carry it: text that only the command-api and the gateway look into. Its first
 * characters name the scheme, so that readers of an older scheme go on working; `p0.` is the body's JSON as it is.
 */
export const OpaqueBody = patternedText('opaque body', /^[a-z][0-9]\./, 'a scheme and a payload');
export type OpaqueBody = t.TypeOf<typeof OpaqueBody>;

export const closeBody = (body: Body): OpaqueBody => `p0.${JSON.stringify(body)}`;

/** JSON text of the body within, or undefined for a scheme this process does not know. */
export const openBodyJson = (opaque: OpaqueBody): string | undefined =>
  opaque.startsWith('p0.') ? opaque.slice(3) : undefined;

export const openBody = (opaque: OpaqueBody): Body | undefined => {
  const json = openBodyJson(opaque);
  return json === undefined ? undefined : (JSON.parse(json) as Body);
};

/** A short plain-text line for lists: at most `max` bytes of the text, or undefined where nothing may be read. */
export function previewOf(body: Body, max = 140): string | undefined {
  if (body.kind !== 'text') return undefined;
  const line = body.text.replace(/\s+/g, ' ').trim();
  return utf8Length(line) <= max ? line : `${[...line].slice(0, max - 1).join('')}…`;
}
