import { envelop } from '@parley/domain/log/envelope';
import type { Closed } from '@parley/domain/sealing/closed';
import type { Opened } from '@parley/domain/sealing/opened';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Hub } from './hub.js';
import type { StoredEvent } from './hub-event.js';
import { MAX_WAITING, openInOrder, PATIENCE_MS } from './opening.js';

const place = (seq: number) => ({ conversationId: 'den', seq, at: 1, actor: 'ann', commandId: `c-${seq}` });
const said = (seq: number): StoredEvent => ({
  seq,
  envelope: envelop({ type: 'message.sent', data: { ordinal: seq, body: 's1.m2026-11.AAAA' } }, place(seq)),
});
const ended = (seq: number): StoredEvent => ({
  seq,
  envelope: envelop({ type: 'conversation.closed', data: {} }, place(seq)),
});

/** A gateway whose vault knows a secret from a moment on, and reads it when it is told to. */
function gatewayWith({ knows }: { knows: boolean }) {
  const readings: (() => void)[] = [];
  const questions: number[] = [];
  const open = ({ place: { seq } }: Closed): Opened => ({
    tag: 'open',
    json: JSON.stringify({ kind: 'text', text: `${seq}` }),
  });
  const state = { knows };
  const delivered: string[] = [];
  const vault = {
    openNow: (closed: Closed) => (state.knows ? open(closed) : undefined),
    open: (closed: readonly Closed[]) => {
      questions.push(closed.length);
      return new Promise<readonly Opened[]>((resolve) => readings.push(() => resolve(closed.map(open))));
    },
  };
  const hub = new Hub('den');
  return {
    state,
    questions,
    delivered,
    hub,
    read: async () => {
      for (const reading of readings.splice(0)) reading();
      await vi.advanceTimersByTimeAsync(0);
    },
    take: (stored: StoredEvent) =>
      openInOrder({ vault }, hub, stored, (_gateway, _hub, { seq, live }) => {
        const { body, sealed } = (live?.data ?? {}) as { body?: { text: string } | null; sealed?: string };
        delivered.push(`${seq} ${sealed ?? (body === undefined ? live?.type : body?.text)}`);
      }),
  };
}

describe('the events of a conversation', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('go at once, opened, where their secrets are known', () => {
    const gateway = gatewayWith({ knows: true });
    gateway.take(said(1));
    gateway.take(ended(2));
    gateway.take({ seq: 3, envelope: undefined });
    expect(gateway.delivered).toEqual(['1 1', '2 conversation.closed', '3 undefined']);
    expect(gateway.questions).toEqual([]);
    expect(gateway.hub.opening).toBeUndefined();
  });

  it('wait in order for a secret that is read, those without a body too', async () => {
    const gateway = gatewayWith({ knows: false });
    gateway.take(said(1));
    gateway.state.knows = true;
    gateway.take(ended(2));
    gateway.take(said(3));
    expect(gateway.delivered).toEqual([]);
    await gateway.read();
    expect(gateway.delivered).toEqual(['1 1']);
    await gateway.read();
    expect(gateway.delivered).toEqual(['1 1', '2 conversation.closed', '3 3']);
    expect(gateway.questions).toEqual([1, 1]);
    gateway.take(said(4));
    expect(gateway.delivered.at(-1)).toBe('4 4');
  });

  it('go as locked when the secret is not read in time', async () => {
    const gateway = gatewayWith({ knows: false });
    gateway.take(said(1));
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    expect(gateway.delivered).toEqual(['1 locked']);
    expect(gateway.hub.opening).toBeUndefined();
  });

  it('go as locked, in order and once, when too many wait', async () => {
    const gateway = gatewayWith({ knows: false });
    for (let seq = 1; seq <= MAX_WAITING + 1; seq++) gateway.take(said(seq));
    const all = Array.from({ length: MAX_WAITING + 1 }, (_, index) => `${index + 1} locked`);
    expect(gateway.delivered).toEqual(all);
    gateway.state.knows = true;
    gateway.take(said(MAX_WAITING + 2));
    await gateway.read();
    expect(gateway.delivered).toEqual([...all, `${MAX_WAITING + 2} ${MAX_WAITING + 2}`]);
  });
});
