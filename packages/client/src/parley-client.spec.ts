import { closeCodes } from '@parley/domain/wire/close-codes';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ConnectOptions, connect, createClient, type ParleyClient } from './parley-client.js';
import type { WebSocketConstructor, WebSocketLike } from './web-socket.js';

type Request = { readonly id: number; readonly method: string; readonly params: Record<string, unknown> };
type Answer = { readonly result: unknown } | { readonly error: unknown } | 'silence';

/** The far end of every socket that a client under test opens: what it was asked, and what it says. */
class FarEnd {
  readonly sockets: Line[] = [];
  readonly asked: Request[] = [];
  answer: (request: Request) => Answer = () => 'silence';
  open: (request: Request) => Answer = () => ({ result: opened });
  onSession: (line: Line) => void = () => undefined;

  get current(): Line {
    return this.sockets.at(-1) as Line;
  }

  webSocket(): WebSocketConstructor {
    const farEnd = this;
    return class extends Line {
      constructor() {
        super((request, line) => {
          farEnd.asked.push(request);
          const answer = request.method === 'session.open' ? farEnd.open(request) : farEnd.answer(request);
          if (answer !== 'silence') line.say({ jsonrpc: '2.0', id: request.id, ...answer });
          if (request.method === 'session.open') farEnd.onSession(line);
        });
        farEnd.sockets.push(this);
      }
    };
  }
}

class Line implements WebSocketLike {
  readyState = 0;
  private readonly listeners: [string, (event: never) => void][] = [];

  constructor(
    private readonly hear: (request: Request, line: Line) => void,
    reachable = true,
  ) {
    queueMicrotask(() => {
      if (!reachable) return this.close(1006);
      this.readyState = 1;
      this.tell('open', {});
    });
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.listeners.push([type, listener]);
  }

  send(data: string): void {
    this.hear(JSON.parse(data) as Request, this);
  }

  close(code = 1005): void {
    this.readyState = 3;
    this.tell('close', { code, reason: '' });
  }

  say(message: unknown): void {
    this.tell('message', { data: JSON.stringify(message) });
  }

  notice(method: string, params: unknown): void {
    this.say({ jsonrpc: '2.0', method, params });
  }

  event(seq: number, type = 'conversation.renamed', data: Record<string, unknown> = {}): void {
    this.say({
      jsonrpc: '2.0',
      method: 'event',
      params: { conversationId: 'c', seq, type, at: 1, actor: 'bob', commandId: 'x', data },
    });
  }

  private tell(type: string, event: unknown): void {
    for (const [of, listener] of this.listeners) if (of === type) listener(event as never);
  }
}

const opened = { user: 'ann', device: 'd', conversations: 1, expiresAt: 0, now: 0 };
const done = (seq: number): Answer => ({ result: { conversationId: 'c', seq, at: 1 } });
const refused = (tag: string, retryable: boolean, more: object = {}): Answer => ({
  error: { code: 1, message: tag, data: { tag, retryable, ...more } },
});

describe('the client', () => {
  const open: ParleyClient[] = [];
  const start = async (farEnd: FarEnd, options: Partial<ConnectOptions> = {}): Promise<ParleyClient> => {
    const client = await connect({
      url: 'ws://x',
      token: 't',
      device: 'd',
      webSocket: farEnd.webSocket(),
      ...options,
    });
    open.push(client);
    return client;
  };
  const seqsOf = (client: ParleyClient): number[] => {
    const seqs: number[] = [];
    client.on('event', ({ seq }) => seqs.push(seq));
    return seqs;
  };
  afterEach(() => {
    for (const client of open.splice(0)) client.close();
  });

  it('sends a command again under its id after a break, and answers its caller once', async () => {
    const farEnd = new FarEnd();
    const client = await start(farEnd);
    const answer = client.send('c', { text: 'hello' });
    await vi.waitFor(() => expect(farEnd.asked.length).toBe(2));
    farEnd.answer = () => done(4);
    farEnd.current.close(4001);
    expect((await answer).seq).toBe(4);
    const sends = farEnd.asked.filter(({ method }) => method === 'message.send');
    expect(sends.length).toBe(2);
    expect(sends[0]?.params).toEqual(sends[1]?.params);
  });

  it('tries a retryable refusal again and keeps the order of the conversation', async () => {
    const farEnd = new FarEnd();
    const client = await start(farEnd);
    let refusals = 2;
    const said: unknown[] = [];
    farEnd.answer = ({ params }) => {
      if (refusals-- > 0) return refused('Unavailable', true);
      said.push((params.body as { text: string }).text);
      return done(said.length);
    };
    await Promise.all(['one', 'two', 'three'].map((text) => client.send('c', { text })));
    expect(said).toEqual(['one', 'two', 'three']);
  });

  it('hands a refusal for good to its caller and goes on with the next', async () => {
    const farEnd = new FarEnd();
    const client = await start(farEnd);
    farEnd.answer = ({ params }) =>
      (params.body as { text: string }).text === 'bad' ? refused('NotAMember', false) : done(2);
    const [bad, good] = await Promise.allSettled([
      client.send('c', { text: 'bad' }),
      client.send('c', { text: 'good' }),
    ]);
    expect(bad).toMatchObject({
      status: 'rejected',
      reason: { name: 'RefusalError', tag: 'NotAMember', retryable: false },
    });
    expect(good.status).toBe('fulfilled');
  });

  it('refuses what cannot fit before it is sent', async () => {
    const farEnd = new FarEnd();
    const client = await start(farEnd);
    await expect(client.send('c', { text: '' })).rejects.toMatchObject({ tag: 'InvalidParams' });
    await expect(client.send('c', { text: '\u0001'.repeat(60_000) })).rejects.toMatchObject({
      tag: 'BodyTooLarge',
    });
    expect(farEnd.asked.length).toBe(1);
  });

  it('delivers what comes before handlers could be put on', async () => {
    const farEnd = new FarEnd();
    farEnd.onSession = (line) => line.event(5);
    const seqs = seqsOf(await start(farEnd));
    await vi.waitFor(() => expect(seqs).toEqual([5]));
  });

  it('drops repeated events, and comes back with a resume when some are missing', async () => {
    const farEnd = new FarEnd();
    const client = await start(farEnd, { resume: { c: 2 } });
    const seqs = seqsOf(client);
    const line = farEnd.current;
    for (const seq of [2, 3, 3, 5, 6]) line.event(seq);
    await vi.waitFor(() => expect(farEnd.sockets.length).toBe(2));
    await vi.waitFor(() => expect(client.state.tag).toBe('open'));
    expect(farEnd.asked.at(-1)?.params.resume).toEqual({ c: 3 });
    for (const seq of [4, 5, 6]) farEnd.current.event(seq);
    await vi.waitFor(() => expect(seqs).toEqual([3, 4, 5, 6]));
  });

  it('says resync, once, when what is missing does not come even then', async () => {
    const farEnd = new FarEnd();
    const client = await start(farEnd, { resume: { c: 2 } });
    const seqs = seqsOf(client);
    const lost: string[] = [];
    client.on('resync', ({ conversationId }) => lost.push(conversationId));
    await vi.waitFor(() => {
      if (client.state.tag === 'open') farEnd.current.event(5);
      expect(seqs).toEqual([5]);
    });
    expect(lost).toEqual(['c']);
    expect(farEnd.sockets.length).toBe(2);
  });

  it('does not take a stay outside the conversation for missing events', async () => {
    const farEnd = new FarEnd();
    const client = await start(farEnd, { resume: { c: 2 } });
    const seqs = seqsOf(client);
    const line = farEnd.current;
    line.event(3, 'member.removed', { users: ['ann'] });
    line.event(9, 'member.added', { members: [{ user: 'ann', role: 'member' }] });
    line.event(10);
    await vi.waitFor(() => expect(seqs).toEqual([3, 9, 10]));
    expect(farEnd.sockets.length).toBe(1);
  });

  it('gives up at the start after as many dials that find nobody as it was told', async () => {
    const dialled: Line[] = [];
    class Nobody extends Line {
      constructor() {
        super(() => undefined, false);
        dialled.push(this);
      }
    }
    const options = { url: 'ws://x', token: 't', device: 'd', webSocket: Nobody, connectTries: 3 };
    await expect(connect(options)).rejects.toMatchObject({ tag: 'Unavailable' });
    expect(dialled.length).toBe(3);
  });

  it('renews an expired token before it comes back', async () => {
    const farEnd = new FarEnd();
    let issued = 0;
    const client = await start(farEnd, { token: async () => `token ${++issued}` });
    farEnd.current.close(4401);
    await vi.waitFor(() => expect(farEnd.asked.length).toBe(2));
    expect(farEnd.asked.map(({ params }) => params.token)).toEqual(['token 1', 'token 2']);
    expect(client.state.tag).not.toBe('stopped');
  });

  it('stops where coming back cannot help, and refuses what waits', async () => {
    const farEnd = new FarEnd();
    const client = await start(farEnd);
    const answer = client.send('c', { text: 'hello' });
    farEnd.current.close(4403);
    await expect(answer).rejects.toMatchObject({ tag: 'NotAuthenticated' });
    expect(client.state.tag).toBe('stopped');
    await expect(client.conversations()).rejects.toMatchObject({ tag: 'NotAuthenticated' });
  });

  it('renews its token on the connection it has when the end of the old one is announced', async () => {
    const farEnd = new FarEnd();
    let issued = 0;
    await start(farEnd, { token: () => `token ${++issued}` });
    farEnd.current.notice('session.expiring', { expiresAt: 9, inMs: 60_000 });
    await vi.waitFor(() =>
      expect(farEnd.asked.at(-1)).toMatchObject({ method: 'session.renew', params: { token: 'token 2' } }),
    );
    expect(farEnd.sockets.length).toBe(1);
  });

  it('forgets positions the log does not have, says so, and opens again on the same connection', async () => {
    const farEnd = new FarEnd();
    farEnd.open = ({ params }) =>
      'c' in (params.resume as object)
        ? refused('PositionAhead', false, { about: ['c'] })
        : { result: opened };
    const lost: string[] = [];
    const client = createClient({
      url: 'ws://x',
      token: 't',
      device: 'd',
      webSocket: farEnd.webSocket(),
      resume: { c: 9, d: 4 },
    });
    open.push(client);
    client.on('resync', ({ conversationId }) => lost.push(conversationId));
    await vi.waitFor(() => expect(client.state.tag).toBe('open'));
    expect(lost).toEqual(['c']);
    expect(farEnd.asked.map(({ params }) => params.resume)).toEqual([{ c: 9, d: 4 }, { d: 4 }]);
    expect(farEnd.sockets.length).toBe(1);
  });

  it('comes back no earlier than it was told', async () => {
    const farEnd = new FarEnd();
    const client = await start(farEnd);
    farEnd.open = () => refused('RateLimited', true, { retryAfterMs: 60_000 });
    farEnd.current.close(4001);
    await vi.waitFor(() => {
      const { state } = client;
      expect(state.tag === 'waiting' && (state.retryAt ?? 0) > Date.now() + 50_000).toBe(true);
    });
  });

  it('stops when its device is revoked, and says why', async () => {
    const farEnd = new FarEnd();
    const client = await start(farEnd);
    farEnd.current.close(4404);
    expect(client.connection.snapshot()).toMatchObject({
      tag: 'stopped',
      reason: closeCodes.DeviceRevoked.sentence,
    });
    await expect(client.conversations()).rejects.toMatchObject({ tag: 'DeviceRevoked' });
  });

  it('is of one user: a token of somebody else stops it', async () => {
    const farEnd = new FarEnd();
    await expect(start(farEnd, { user: 'bob' })).rejects.toMatchObject({ tag: 'ForeignToken' });
  });

  it('says what was delivered, together for all conversations, and nothing of what it sent itself', async () => {
    const farEnd = new FarEnd();
    await start(farEnd);
    farEnd.answer = () => ({ result: { watermarks: [] } });
    const sent = (conversationId: string, seq: number, actor: string): void =>
      farEnd.current.notice('event', {
        conversationId,
        seq,
        type: 'message.sent',
        at: 1,
        actor,
        commandId: 'x',
        data: { ordinal: seq, body: { kind: 'text', text: 'x' } },
      });
    for (const [conversationId, seq, actor] of [
      ['c', 1, 'bob'],
      ['c', 2, 'bob'],
      ['d', 7, 'bob'],
      ['e', 3, 'ann'],
    ] as const)
      sent(conversationId, seq, actor);
    await vi.waitFor(() => expect(farEnd.asked.length).toBe(2));
    expect(farEnd.asked[1]).toMatchObject({
      method: 'receipt.mark',
      params: {
        marks: [
          { conversationId: 'c', delivered: 2 },
          { conversationId: 'd', delivered: 7 },
        ],
      },
    });
  });

  it('asks a line on which nothing is heard for a sign of life, and comes back without one', async () => {
    const farEnd = new FarEnd();
    vi.useFakeTimers();
    try {
      await start(farEnd);
      await vi.advanceTimersByTimeAsync(31_000);
      expect(farEnd.asked.at(-1)?.method).toBe('session.probe');
      expect(farEnd.sockets.length).toBe(1);
      await vi.advanceTimersByTimeAsync(6_000);
      expect(farEnd.sockets.length).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('dials at once when the network comes back', async () => {
    const farEnd = new FarEnd();
    const heard = new Map<string, () => void>();
    vi.stubGlobal('addEventListener', (type: string, listener: () => void) => heard.set(type, listener));
    vi.stubGlobal('removeEventListener', (type: string) => heard.delete(type));
    const client = await start(farEnd);
    farEnd.open = () => refused('RateLimited', true, { retryAfterMs: 600_000 });
    farEnd.current.close(4001);
    await vi.waitFor(() => expect(client.state).toMatchObject({ tag: 'waiting', failures: 2 }));
    farEnd.open = () => ({ result: opened });
    heard.get('online')?.();
    await vi.waitFor(() => expect(client.state.tag).toBe('open'));
    await client.close();
    expect(heard.size).toBe(0);
    vi.unstubAllGlobals();
  });
});
