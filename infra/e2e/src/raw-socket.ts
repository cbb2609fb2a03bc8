import { waitFor } from '@parley/infra/testing/wait-for';
import { WebSocket } from 'ws';

/** A frame as it came, decoded. */
export type RawFrame = {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: {
    readonly code: number;
    readonly data: { readonly tag: string; readonly retryable: boolean };
  };
};

export type RawSocket = Awaited<ReturnType<typeof openRawSocket>>;

/** A connection that sends whatever it is told to. */
export async function openRawSocket(url: string, protocols: string[] = ['parley.v1']) {
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false });
  const frames: (RawFrame | readonly RawFrame[])[] = [];
  let closed: number | undefined;
  let nextId = 1;
  socket.on('message', (data) => frames.push(JSON.parse(data.toString()) as RawFrame));
  socket.on('close', (code) => {
    closed = code;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
    socket.once('unexpected-response', (_, response) => reject(new Error(`status ${response.statusCode}`)));
  });
  socket.on('error', () => undefined);

  const isAnswerTo = (id: unknown) => (frame: RawFrame | readonly RawFrame[]) =>
    !Array.isArray(frame) && (frame as RawFrame).id === id && !('method' in frame);

  /** Sends a text as it is; the next frame with this id. */
  async function raw(text: string, id: unknown = null): Promise<RawFrame> {
    const from = frames.length;
    socket.send(text);
    return (await waitFor(() => frames.slice(from).find(isAnswerTo(id)), {
      what: `the answer to ${text.slice(0, 80)}`,
    })) as RawFrame;
  }

  return {
    raw,
    /** Sends bytes as a binary frame, or a text that gets no answer. */
    send: (data: string | Buffer) => socket.send(data),
    /** Asks with these parameters, whatever they are. */
    request: (method: string, params: unknown): Promise<RawFrame> => {
      const id = nextId++;
      return raw(JSON.stringify({ jsonrpc: '2.0', id, method, params }), id);
    },
    /** Sends a batch; the answer to it. */
    async batch(requests: readonly unknown[] | string): Promise<RawFrame | readonly RawFrame[]> {
      const from = frames.length;
      socket.send(typeof requests === 'string' ? requests : JSON.stringify(requests));
      return waitFor(
        () => frames.slice(from).find((frame) => Array.isArray(frame) || (frame as RawFrame).id === null),
        {
          what: 'the answer to a batch',
        },
      );
    },
    /** The code with which the connection was closed. */
    closed: () => waitFor(() => closed, { what: 'the close' }),
    get isOpen() {
      return closed === undefined;
    },
    end: () => socket.terminate(),
  };
}
