import { WebSocket } from 'ws';
import { waitFor } from './wait-for.js';

/** A frame as it came, decoded. */
export type Received = {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data: { readonly tag: string; readonly retryable: boolean };
  };
};

export type ForeignClient = Awaited<ReturnType<typeof connectClient>>;

/** A client that knows nothing of ours but the wire. */
export async function connectClient(
  url: string,
  protocols: string[] = ['parley.v1'],
  localAddress?: string,
  headers: Readonly<Record<string, string>> = {},
) {
  const socket = new WebSocket(url, protocols, {
    localAddress,
    headers,
    perMessageDeflate: false,
    maxPayload: 0,
  });
  const frames: Received[] = [];
  const batches: Received[][] = [];
  let closed: { code: number; reason: string } | undefined;
  let nextId = 1;

  socket.on('message', (data) => {
    const json = JSON.parse(data.toString()) as Received | Received[];
    if (Array.isArray(json)) batches.push(json);
    else frames.push(json);
  });
  socket.on('close', (code, reason) => {
    closed = { code, reason: reason.toString() };
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
    socket.once('unexpected-response', (_, response) => reject(new Error(`status ${response.statusCode}`)));
  });
  socket.on('error', () => undefined);

  const notices = (method: string) =>
    frames.filter((frame) => frame.method === method).map(({ params }) => params ?? {});

  return {
    socket,
    frames,
    batches,
    /** Sends what is given, as it is; what comes of it is left to the caller. */
    raw: (text: string | Buffer, options: { binary?: boolean } = {}) => socket.send(text, options),
    /** Sends a text as it is; the next answer with this id. */
    async answerTo(text: string, id: unknown = null): Promise<Received> {
      const from = frames.length;
      socket.send(text);
      return waitFor(() => frames.slice(from).find((frame) => frame.id === id && !('method' in frame)), {
        what: `the answer to ${text.slice(0, 80)}`,
      });
    },
    /** Sends a batch; the answers to it, or the one refusal of it all. */
    async batch(requests: readonly unknown[] | string): Promise<Received | readonly Received[]> {
      const before = { batches: batches.length, frames: frames.length };
      socket.send(typeof requests === 'string' ? requests : JSON.stringify(requests));
      return waitFor(
        () => batches[before.batches] ?? frames.slice(before.frames).find((frame) => frame.id === null),
        { what: 'the answer to a batch' },
      );
    },
    async request(method: string, params?: unknown): Promise<Received> {
      const id = nextId++;
      socket.send(
        JSON.stringify({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) }),
      );
      return waitFor(() => frames.find((frame) => frame.id === id), { what: `the answer to ${method}` });
    },
    notices,
    /** Seqs of the events of a conversation, in the order in which they came. */
    seqs: (conversationId: string): unknown[] =>
      notices('event')
        .filter((event) => event.conversationId === conversationId)
        .map(({ seq }) => seq),
    /** The next answer without a request to match it. */
    next: (fits: (frame: Received) => boolean, what: string) => waitFor(() => frames.find(fits), { what }),
    closed: (what = 'the close') => waitFor(() => closed, { what }),
    get isClosed() {
      return closed !== undefined;
    },
    end: () => socket.terminate(),
  };
}
