import type { SiteFile } from './read-site.js';

export type FileRequest = {
  /** The request's headers, empty where they are missing. */
  readonly acceptEncoding: string;
  readonly ifNoneMatch: string;
};

export type FileAnswer = {
  readonly status: '200 OK' | '304 Not Modified';
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
};

/**
 * What the page may do: run and load what comes from here, and talk to here (in CSP 3 'self' covers this host's
 * WebSocket). Nothing inline runs, no text becomes markup or code (Trusted Types without a single policy), nobody frames it.
 */
export const SITE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  // A broadcast is played from what the page has put together.
  "media-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** What calls need, for this page alone and with the person's leave; nothing else that asks for leave. */
const PERMISSIONS =
  'camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), fullscreen=(self), geolocation=()';

/** The answer to a GET of a file: the smallest form the client takes, or that it has it already (RFC 9110, 13.1.2). */
export function answerFile(file: SiteFile, { acceptEncoding, ifNoneMatch }: FileRequest): FileAnswer {
  const form = chooseForm(file, acceptEncoding);
  const etag = `"${file.hash}-${form}"`;
  const headers = [
    ['etag', etag],
    ['cache-control', file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache'],
    ['vary', 'accept-encoding'],
    ['content-security-policy', SITE_POLICY],
    ['x-content-type-options', 'nosniff'],
    ['referrer-policy', 'no-referrer'],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
    ['permissions-policy', PERMISSIONS],
  ] as const;
  if (ifNoneMatch === '*' || ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag))
    return { status: '304 Not Modified', headers, body: Buffer.alloc(0) };
  const encoding = form === 'identity' ? [] : [['content-encoding', form] as const];
  return {
    status: '200 OK',
    headers: [['content-type', file.contentType], ...encoding, ...headers],
    body: file[form] ?? file.identity,
  };
}

type Form = 'br' | 'gzip' | 'identity';

/** Brotli before gzip, each where it is accepted (RFC 9110, 12.5.3: a weight of 0 refuses). */
function chooseForm(file: SiteFile, acceptEncoding: string): Form {
  const weights = new Map(
    acceptEncoding.split(',').map((part) => {
      const [name = '', ...parameters] = part.split(';').map((word) => word.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return [name, weight === undefined ? 1 : Number(weight)];
    }),
  );
  const accepts = (form: Form): boolean => (weights.get(form) ?? weights.get('*') ?? 0) > 0;
  if (file.br !== undefined && accepts('br')) return 'br';
  return file.gzip !== undefined && accepts('gzip') ? 'gzip' : 'identity';
}
