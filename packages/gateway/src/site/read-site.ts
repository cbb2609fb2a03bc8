import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One file of the web client, with every form of it that was made when it was built. */
export type SiteFile = {
  readonly contentType: string;
  /** Its name says its content: it may be kept for ever. */
  readonly isImmutable: boolean;
  /** Begins the entity tag; each form adds its own name. */
  readonly hash: string;
  readonly identity: Buffer;
  readonly br: Buffer | undefined;
  readonly gzip: Buffer | undefined;
};

/** Files by their path on the wire; undefined where nothing was built. */
export type Site = ReadonlyMap<string, SiteFile>;

/** Where the web client is built. */
export const siteDirectory = fileURLToPath(new URL('../../../web/dist/site', import.meta.url));

/** Reads a built site into memory, about 1 MB: serving touches no disk, and a build meanwhile mixes nothing. */
export function readSite(directory: string = siteDirectory): Site | undefined {
  if (!existsSync(join(directory, 'index.html'))) return undefined;
  const site = new Map<string, SiteFile>();
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    const path = `/${name.split(sep).join('/')}`;
    const identity = readFileSync(join(directory, name));
    const file: SiteFile = {
      contentType,
      isImmutable: path.startsWith('/assets/'),
      hash: createHash('sha256').update(identity).digest('base64url').slice(0, 22),
      identity,
      br: sibling(join(directory, `${name}.br`)),
      gzip: sibling(join(directory, `${name}.gz`)),
    };
    site.set(path === '/index.html' ? '/' : path, file);
  }
  return site;
}

const sibling = (path: string): Buffer | undefined => (existsSync(path) ? readFileSync(path) : undefined);

/** What a site may consist of; anything else in its directory is not served. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
  '.webp': 'image/webp',
};
