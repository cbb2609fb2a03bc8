import type { Log } from '@parley/infra/runtime/log';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import { broadcastPath, isSegment } from '@parley/infra/voice/broadcast-file';

type Wanted = { readonly conversationId: string; readonly call: number; readonly name: string };

/**
 * Files of broadcasts, each fetched once from the call's node for however many who watch it here: a thousand of them cost the node what one does.
 */
export type BroadcastFiles = {
  /** Whether it is here, or on its way: nobody need be asked for it. */
  isHere(wanted: Wanted): boolean;
  /** The file; else why there is none, in words. Never rejects. @param token of one who may watch it */
  get(wanted: Wanted, token: string): Promise<Buffer | string>;
};

export type BroadcastFilesOptions = {
  /** Where the node that has the call answers: `http://host:port`. */
  readonly nodeOf: (conversationId: string, call: number) => Promise<string | undefined>;
  readonly log: Log;
  readonly now?: () => number;
  /** Bytes kept of what was fetched. */
  readonly most?: number;
};

/** Milliseconds for which a playlist, a segment, and a node's answer that there is nothing are kept. */
const KEPT_MS = { playlist: 500, segment: 30_000, nothing: 500 } as const;

/** Bytes kept, of all broadcasts; the oldest go first. */
const MOST_BYTES = 128 * 1024 * 1024;

/** Milliseconds that a node has, and bytes that a file may have: 2 s of the best quality are less than 1 MiB. */
const NODE_MS = 3_000;
const MOST_OF_FILE = 8 * 1024 * 1024;

/** For how long it is remembered which node a call is on, in ms. */
const NODE_KEPT_MS = 1_000;

export function openBroadcastFiles(options: BroadcastFilesOptions): BroadcastFiles {
  const { nodeOf, log, now = steadyNow, most = MOST_BYTES } = options;
  const files = new Map<string, { readonly until: number; readonly file: Buffer | string }>();
  const fetching = new Map<string, Promise<Buffer | string>>();
  const nodes = new Map<string, { readonly until: number; readonly node: Promise<string | undefined> }>();
  let bytes = 0;

  function drop(key: string): void {
    bytes -= files.get(key)?.file.length ?? 0;
    files.delete(key);
  }

  function keep(key: string, name: string, file: Buffer | string): void {
    drop(key);
    const kind = typeof file === 'string' ? 'nothing' : isSegment(name) ? 'segment' : 'playlist';
    files.set(key, { until: now() + KEPT_MS[kind], file });
    bytes += file.length;
    for (const [oldest, { until }] of files) {
      if (bytes <= most && until > now()) break;
      drop(oldest);
    }
  }

  function findNode({ conversationId, call }: Wanted): Promise<string | undefined> {
    const key = `${conversationId} ${call}`;
    const known = nodes.get(key);
    if (known !== undefined && known.until > now()) return known.node;
    for (const [each, { until }] of nodes) if (until <= now()) nodes.delete(each);
    const node = nodeOf(conversationId, call);
    nodes.set(key, { until: now() + NODE_KEPT_MS, node });
    return node;
  }

  async function fetchFrom(wanted: Wanted, token: string): Promise<Buffer | string> {
    const node = await findNode(wanted);
    if (node === undefined) return 'no node has the call now';
    try {
      const response = await fetch(`${node}${broadcastPath(wanted)}`, {
        headers: { authorization: `Bearer ${token}` },
        redirect: 'error',
        signal: AbortSignal.timeout(NODE_MS),
      });
      const length = Number(response.headers.get('content-length') ?? 0);
      if (length > MOST_OF_FILE) return 'the file is too large';
      const body = Buffer.from(await response.arrayBuffer());
      return response.ok ? body : body.toString('utf8').slice(0, 200);
    } catch (error) {
      log.debug({ err: error, node }, 'a file of a broadcast was not fetched');
      return 'the node does not answer';
    }
  }

  const fileAt = (key: string): Buffer | string | undefined => {
    const known = files.get(key);
    return known !== undefined && known.until > now() ? known.file : undefined;
  };

  return {
    isHere: (wanted) => fetching.has(keyOf(wanted)) || fileAt(keyOf(wanted)) !== undefined,
    get(wanted, token) {
      const key = keyOf(wanted);
      const known = fileAt(key);
      if (known !== undefined) return Promise.resolve(known);
      const under = fetching.get(key);
      if (under !== undefined) return under;
      const fetched = fetchFrom(wanted, token)
        .catch(() => 'no node has the call now')
        .then((file) => {
          keep(key, wanted.name, file);
          return file;
        })
        .finally(() => fetching.delete(key));
      fetching.set(key, fetched);
      return fetched;
    },
  };
}

const keyOf = ({ conversationId, call, name }: Wanted): string => `${conversationId} ${call} ${name}`;
