import { isIP } from 'node:net';
import { isLeft } from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';

/** A codec of one environment variable: its text, or undefined when it is not set. Its name says what is accepted. */
export type Field<A> = t.Type<A, unknown, unknown>;

/** A URL with one of these schemes. Several addresses of one cluster may be separated by commas. */
export const url = (...schemes: readonly string[]): Field<string> =>
  field(`a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`, (text) => {
    const accepted = text.split(',').every((part) => schemes.some((scheme) => hasScheme(part, scheme)));
    return accepted ? text : undefined;
  });

/** A whole number, both bounds included. */
export const integer = (least: number, most: number): Field<number> =>
  field(`a whole number from ${least} to ${most}`, (text) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  });

/** A TCP port; 0 lets the system choose a free one. */
export const port: Field<number> = integer(0, 65_535);

export const oneOf = <const A extends string>(...values: readonly A[]): Field<A> =>
  field(`one of ${values.join(', ')}`, (text) => values.find((value) => value === text));

export const host: Field<string> = field('a host name or an IP address', (text) =>
  /^[A-Za-z0-9.:_-]+$/.test(text) ? text : undefined,
);

/** Addresses and networks, such as `10.0.0.0/8`, separated by commas. */
export const networks: Field<readonly string[]> = field<readonly string[]>(
  'IP addresses or networks such as 10.0.0.0/8, separated by commas',
  (text) => {
    const parts = text.split(',').map((part) => part.trim());
    return parts.every(isNetwork) ? parts : undefined;
  },
);

/** URLs of STUN or TURN servers (RFC 7064, RFC 7065), separated by commas. */
export const iceUrls = (
  ...schemes: readonly ('stun' | 'stuns' | 'turn' | 'turns')[]
): Field<readonly string[]> => {
  const form = new RegExp(
    `^(?:${schemes.join('|')}):(?:\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9.-]+)(?::\\d{1,5})?(?:\\?transport=(?:udp|tcp))?$`,
  );
  return field<readonly string[]>(
    `URLs such as ${schemes[0]}:turn.example.org:3478, separated by commas`,
    (text) => {
      const parts = text.split(',').map((part) => part.trim());
      return parts.length <= 16 && parts.every((part) => form.test(part)) ? parts : undefined;
    },
  );
};

/** A secret that another program has as a text. */
export const sharedText = (leastCharacters: number): Field<string> =>
  field(`at least ${leastCharacters} characters without spaces`, (text) =>
    text.length >= leastCharacters && /^[!-~]+$/.test(text) ? text : undefined,
  );

export const path: Field<string> = field('a path', (text) => (text.includes('\0') ? undefined : text));

export const token: Field<string> = field('a token of three parts (JWT)', (text) =>
  /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text) ? text : undefined,
);

/** Random bytes in base64url; `openssl rand -base64 32 | tr '+/' '-_' | tr -d =` makes some. */
export const secret = (leastBytes: number): Field<Uint8Array> =>
  field<Uint8Array>(`at least ${leastBytes} bytes in base64url`, (text) => {
    if (!/^[A-Za-z0-9_-]+=*$/.test(text)) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    return bytes.length >= leastBytes ? new Uint8Array(bytes) : undefined;
  });

/** Several such secrets, separated by commas. What is wrong with which of them is said, and none is shown. */
export const secrets = (leastBytes: number): Field<readonly Uint8Array[]> =>
  new t.Type<readonly Uint8Array[], unknown, unknown>(
    `one or more of at least ${leastBytes} bytes in base64url, separated by commas`,
    (input): input is readonly Uint8Array[] => input !== undefined,
    (input, context) => {
      if (typeof input !== 'string') return t.failure(input, context);
      const parts = input.split(',').map((part) => part.trim());
      const decoded = parts.map((part) => secret(1).decode(part));
      const wrong = decoded.flatMap((each, index) => {
        const which = parts.length === 1 ? 'it' : `number ${index + 1} of ${parts.length}`;
        if (isLeft(each)) return [`${which} is not in base64url`];
        return each.right.length < leastBytes
          ? [`${which} has ${each.right.length} bytes instead of at least ${leastBytes}`]
          : [];
      });
      if (wrong.length > 0) return t.failure(input, context, wrong.join('; '));
      return t.success(decoded.flatMap((each) => (isLeft(each) ? [] : [each.right])));
    },
    t.identity,
  );

/** The same field, with a value for when the variable is not set. */
export const withDefault = <A>(codec: Field<A>, value: A): Field<A> =>
  new t.Type(
    codec.name,
    codec.is,
    (input, context) => (input === undefined ? t.success(value) : codec.validate(input, context)),
    t.identity,
  );

export const optional = <A>(codec: Field<A>): Field<A | undefined> =>
  new t.Type<A | undefined, unknown, unknown>(
    codec.name,
    (input): input is A | undefined => input === undefined || codec.is(input),
    (input, context) => (input === undefined ? t.success(undefined) : codec.validate(input, context)),
    t.identity,
  );

function field<A>(accepted: string, parse: (text: string) => A | undefined): Field<A> {
  return new t.Type<A, unknown, unknown>(
    accepted,
    (input): input is A => input !== undefined,
    (input, context) => {
      const value = typeof input === 'string' ? parse(input.trim()) : undefined;
      return value === undefined ? t.failure(input, context) : t.success(value);
    },
    t.identity,
  );
}

function isNetwork(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128));
}

function hasScheme(text: string, scheme: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === `${scheme}:` && new URL(text).host !== '';
}
