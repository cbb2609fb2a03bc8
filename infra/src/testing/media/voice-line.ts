import type { Refusal } from '@parley/domain/conversation/refusals';
import { WebSocket } from 'ws';

type Answer = {
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly data: Refusal };
};

/** A session of one device that answers as soon as the gateway does: what times of calls are measured with. */
export type VoiceLine = {
  /** @throws RefusedError */
  ask<R>(method: string, params: object): Promise<R>;
  /** Everything said without being asked, from now on; returns what ends it. */
  onNotice(listener: (method: string, params: Readonly<Record<string, unknown>>) => void): () => void;
  close(): void;
};

export class RefusedError extends Error {
  constructor(
    method: string,
    message: string,
    readonly refusal: Refusal,
  ) {
    super(`${method}: ${message}`);
  }
}

export async function openVoiceLine(url: string, token: string, device = 'd1'): Promise<VoiceLine> {
  const socket = new WebSocket(url, ['parley.v1'], { perMessageDeflate: false, maxPayload: 0 });
  const waiting = new Map<number, { method: string; settle: (answer: Answer) => void }>();
  const listeners = new Set<(method: string, params: Readonly<Record<string, unknown>>) => void>();
  let nextId = 1;
  socket.on('message', (data) => {
    const frame = JSON.parse(data.toString());
    if (typeof frame.method === 'string') {
      for (const listener of listeners) listener(frame.method, frame.params ?? {});
      return;
    }
    waiting.get(frame.id)?.settle(frame);
    waiting.delete(frame.id);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  const line: VoiceLine = {
    ask: (method, params) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, {
          method,
          settle: ({ result, error }) =>
            error === undefined
              ? resolve(result as never)
              : reject(new RefusedError(method, error.message, error.data)),
        });
        socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
      }),
    onNotice: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => socket.terminate(),
  };
  socket.on('close', () => {
    for (const { method, settle } of waiting.values())
      settle({ error: { message: `${method} was not answered`, data: { tag: 'Unavailable' } } });
    waiting.clear();
  });
  await line.ask('session.open', { token, device });
  return line;
}
