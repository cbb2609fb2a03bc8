import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { jetstreamManager } from '@nats-io/jetstream';
import { formats } from '@parley/cli/replay/formats/open-sink';
import { closeBody } from '@parley/domain/conversation/body';
import { envelop } from '@parley/domain/log/envelope';
import { timelineCursor } from '@parley/domain/wire/cursor';
import { placeOf } from '@parley/infra/log/subjects';
import { pageKey } from '@parley/infra/read-model/newest-page';
import { startCli } from '@parley/infra/testing/cli-process';
import { TEST_MASTER_KEY, TEST_MASTER_KEYS } from '@parley/infra/testing/master-key';
import { waitFor } from '@parley/infra/testing/wait-for';
import { openVault } from '@parley/infra/vault/open-vault';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type MovedClockStack, openMovedClockStack, PARTITIONS } from './moved-clock-stack.js';
import { openedInFile } from './opened-in-file.js';
import { EMOJI, LIFE, OVER, plant, tells, text, WORDS } from './planted.js';

describe('a message whose life is over, without a tombstone', { timeout: 60_000 }, () => {
  let stack: MovedClockStack;

  beforeAll(async () => {
    stack = await openMovedClockStack();
  });
  afterEach(() => {
    stack.clock.ahead = 0;
    stack.clock.gatewayAhead = 0;
  });
  afterAll(() => stack?.close());

  /** Reads before it is over, when it must be told, and from that moment on, when it must not. */
  async function toldUntilOver(read: () => Promise<string>): Promise<string> {
    stack.clock.ahead = OVER - 60_000;
    expect(tells(await read())).toBe(true);
    stack.clock.ahead = OVER;
    const after = await read();
    expect(after).not.toContain(WORDS);
    expect(tells(after)).toBe(false);
    return after;
  }

  const list = async (params: object, url?: string) => {
    const answer = await stack.ask('message.list', params, 'ann', url === undefined ? {} : { url });
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.text;
  };

  it('is not on the newest page from memory', async () => {
    const { conversationId } = await plant(stack);
    const url = await stack.another();
    await list({ conversationId }, url);
    await stack.redis.del(pageKey('rm_1', conversationId));
    await stack.withoutPostgres(() => toldUntilOver(() => list({ conversationId }, url)));
  });

  it('is not on the newest page from Redis', async () => {
    const { conversationId } = await plant(stack);
    await stack.withoutPostgres(() =>
      toldUntilOver(async () => list({ conversationId }, await stack.another())),
    );
  });

  it('is not on the newest page from Postgres', async () => {
    const { conversationId } = await plant(stack);
    await stack.redis.del(pageKey('rm_1', conversationId));
    await toldUntilOver(async () => list({ conversationId }, await stack.another()));
  });

  it('is not on the newest page made of cache and log while Postgres is away', async () => {
    const { conversationId, head, seq } = await plant(stack);
    const stale = (await stack.redis.get(pageKey('rm_1', conversationId))) as string;
    const later = await stack.done('message.send', { conversationId, body: text(`${WORDS} too`), ttl: LIFE });
    await stack.done('message.edit', { conversationId, seq, body: text(`${WORDS} as well`) });
    await stack.projected(conversationId, head + 2);
    await stack.redis.set(pageKey('rm_1', conversationId), stale);
    const page = await stack.withoutPostgres(() =>
      toldUntilOver(async () => list({ conversationId }, await stack.another())),
    );
    expect(JSON.parse(page)).toMatchObject({ revision: later + 1 });
  });

  it('is on no page before, after or around another', async () => {
    const { conversationId, seq, head } = await plant(stack);
    const at = (place: number) => timelineCursor(conversationId, place);
    await toldUntilOver(() => list({ conversationId, before: at(head) }));
    await toldUntilOver(() => list({ conversationId, after: at(1) }));
    await toldUntilOver(() => list({ conversationId, around: String(seq) }));
  });

  it('leaves of an answer to it the answer, and no quote', async () => {
    const { conversationId, seq } = await plant(stack);
    stack.clock.ahead = OVER;
    const { messages } = JSON.parse(await list({ conversationId }));
    expect(messages).toMatchObject([{ body: text('stays') }, { body: text('answers'), replyTo: seq }]);
    const { messages: there } = JSON.parse(await list({ conversationId, around: String(seq) }));
    expect(there).toEqual(messages);
  });

  it('is no preview in the list of conversations, nor unread', async () => {
    await plant(stack, 'lister');
    const read = async () => (await stack.ask('conversation.list', {}, 'lister')).text;
    const after = await toldUntilOver(read);
    expect(JSON.parse(after).conversations).toMatchObject([
      { preview: { body: text('answers') }, unread: 2 },
    ]);
  });

  it('is no preview in what changed, nor unread', async () => {
    const begun = await stack.ask('session.sync', {}, 'syncer');
    const since = JSON.parse(begun.text).token as string;
    await plant(stack, 'syncer');
    for (const params of [{}, { since }]) {
      const after = await toldUntilOver(async () => (await stack.ask('session.sync', params, 'syncer')).text);
      expect(JSON.parse(after).conversations).toMatchObject([
        { preview: { body: text('answers') }, unread: 2 },
      ]);
    }
  });

  it('is no pin any more', async () => {
    const { conversationId, seq } = await plant(stack);
    const pins = async () => JSON.parse((await stack.ask('conversation.get', { conversationId })).text).pins;
    expect(await pins()).toEqual([seq]);
    stack.clock.ahead = OVER;
    expect(await pins()).toEqual([]);
  });

  it('is told as gone where the past is asked for, however long ago', async () => {
    const { conversationId, seq, head } = await plant(stack);
    const past = async (at: string | number) => {
      const answer = await stack.ask('conversation.get', { conversationId, at: String(at) });
      if (answer.status !== 200) throw new Error(answer.text);
      return answer.text;
    };
    const soon = new Date(Date.now() + 60_000).toISOString();
    for (const at of [seq + 1, head, soon]) {
      const after = JSON.parse(await toldUntilOver(() => past(at)));
      expect(after.past.messages[1]).toEqual({
        seq,
        ordinal: 2,
        author: 'ann',
        at: expect.any(Number),
        expiresAt: expect.any(Number),
        body: null,
        sealed: 'gone',
      });
    }
  });

  it('is told as gone by the past where it was deleted since', async () => {
    const { conversationId, seq, head } = await plant(stack);
    const past = async () => (await stack.ask('conversation.get', { conversationId, at: `${head}` })).text;
    expect(tells(await past())).toBe(true);
    await stack.done('message.delete', { conversationId, seq });
    const last = await stack.done('message.delete', { conversationId, seq: head });
    await stack.projected(conversationId, last);
    const after = await past();
    expect(tells(after)).toBe(false);
    expect(JSON.parse(after).past.messages[1]).toMatchObject({ seq, body: null, sealed: 'gone' });
  });

  it('is told as gone to the operator who shows the past', async () => {
    const { conversationId, head } = await plant(stack);
    const shown = async (...flags: readonly string[]) => {
      const { output, ended } = startCli(
        ['conversation', 'show', conversationId, '--at', `${head}`, ...flags],
        {
          NATS_URL: stack.environment.natsUrl,
          PARLEY_MASTER_KEYS: TEST_MASTER_KEYS,
        },
      );
      expect([await ended, output.err]).toEqual([0, '']);
      return output.out;
    };
    expect(await shown('--open-bodies')).toContain(WORDS);
    expect(await shown()).not.toContain(WORDS);
    const last = await stack.done('message.delete', { conversationId, seq: head });
    await stack.done('message.delete', { conversationId, seq: 3 });
    await stack.projected(conversationId, last + 1);
    expect(tells(await shown('--open-bodies', '--json'))).toBe(false);
  });

  it('is told without its content to who resumes, and no event is left out', async () => {
    const { conversationId, head } = await plant(stack);
    const seqs = Array.from({ length: head - 1 }, (_, index) => index + 2);
    const resumed = async () => {
      const client = await stack.open('bob', { [conversationId]: 1 });
      await waitFor(() => client.seqs(conversationId).includes(head), { what: 'the past' });
      expect(client.seqs(conversationId)).toEqual(seqs);
      return JSON.stringify(client.frames);
    };
    await toldUntilOver(resumed);
  });

  it('is told without its content live, where the event comes late', async () => {
    const { conversationId } = await plant(stack);
    const client = await stack.open('bob');
    const tell = async () => {
      const from = client.frames.length;
      const seq = await stack.done('message.send', { conversationId, body: text(WORDS), ttl: LIFE });
      await waitFor(() => client.seqs(conversationId).includes(seq), { what: `event ${seq}` });
      return JSON.stringify(client.frames.slice(from));
    };
    expect(tells(await tell())).toBe(true);
    stack.clock.gatewayAhead = OVER;
    const late = await tell();
    expect(tells(late)).toBe(false);
    expect(late).toContain('"sealed":"gone"');
  });

  it('is not in the answer to its command when that comes again', async () => {
    const { conversationId, commandId, head } = await plant(stack);
    stack.clock.ahead = OVER;
    const again = (words: string) =>
      stack.ask('message.send', { conversationId, commandId, body: text(words), ttl: LIFE });
    const { at, ...answer } = JSON.parse((await again(WORDS)).text);
    expect(answer).toEqual({ conversationId, seq: head, repeated: true });
    const other = await again('something else');
    expect(tells(other.text)).toBe(false);
  });

  it('cannot be edited, reacted to, pinned or deleted', async () => {
    const { conversationId, seq } = await plant(stack);
    stack.clock.ahead = OVER;
    for (const [method, more] of [
      ['message.edit', { body: text('x') }],
      ['message.react', { emoji: '+1' }],
      ['message.pin', {}],
      ['message.delete', {}],
    ] as const) {
      const refused = await stack.ask(method, { conversationId, seq, commandId: method, ...more });
      expect(JSON.parse(refused.text)).toMatchObject({ tag: 'MessageNotFound', status: 404 });
    }
  });

  it('is opened by no key in a file of parley conversation export', async () => {
    const { conversationId } = await plant(stack);
    const vault = await openVault({ nats: stack.nats, masterKeys: [TEST_MASTER_KEY] });
    const jsm = await jetstreamManager(stack.nats);
    const now = () => Date.now() + stack.clock.ahead;
    const read = () => openedInFile({ jsm, partitions: PARTITIONS, now }, vault, conversationId);
    try {
      stack.clock.ahead = OVER - 60_000;
      expect(await read()).toEqual(expect.arrayContaining([text(WORDS), text(`${WORDS}!`), text('stays')]));
      stack.clock.ahead = OVER;
      expect(await read()).toEqual([text('stays'), text('answers')]);
    } finally {
      await vault.close();
    }
  });

  /** Stores a message whose life was over long ago, its edit and a reaction to it, and one that stays. */
  async function storeOver(conversationId: string): Promise<void> {
    const past = { conversationId, at: 1_700_000_000_000, actor: 'ann' as never };
    const events = [
      envelop(
        {
          type: 'message.sent',
          data: { ordinal: 1, body: closeBody(text(WORDS) as never), expiresAt: past.at + 1 },
        },
        { ...past, seq: 1, commandId: 'c-1' as never },
      ),
      envelop(
        {
          type: 'message.edited',
          data: { seq: 1, body: closeBody(text(WORDS) as never), expiresAt: past.at + 1 },
        },
        { ...past, seq: 2, commandId: 'c-2' as never },
      ),
      envelop(
        { type: 'message.reacted', data: { seq: 1, emoji: EMOJI, removed: false, expiresAt: past.at + 1 } },
        { ...past, seq: 3, commandId: 'c-3' as never },
      ),
      envelop(
        { type: 'message.sent', data: { ordinal: 2, body: closeBody(text('stays') as never) } },
        { ...past, seq: 4, commandId: 'c-4' as never },
      ),
    ];
    const { subject } = placeOf(conversationId, PARTITIONS);
    for (const event of events) await stack.nats.request(subject, JSON.stringify(event));
  }

  it.each(formats)('is written without its content by parley replay, as %s', async (format) => {
    const conversationId = `over-long-ago-${format}`;
    await storeOver(conversationId);
    const directory = await mkdtemp(join(tmpdir(), 'parley-test-'));
    const out = join(directory, 'events');
    const keys = { PARLEY_MASTER_KEYS: TEST_MASTER_KEYS };
    for (const more of [[], ['--open-bodies']]) {
      const args = [
        'replay',
        '--conversation',
        conversationId,
        '--format',
        format,
        '--out',
        out,
        '--force',
        ...more,
      ];
      const run = startCli(args, { NATS_URL: stack.environment.natsUrl, ...keys });
      expect([await run.ended, run.output.err]).toEqual([0, expect.stringMatching(/^position /)]);
      const written = format === 'parquet' ? await textOfParquet(out) : await readFile(out, 'utf8');
      expect(tells(written)).toBe(false);
      expect(written.split(conversationId).length).toBeGreaterThan(4);
      expect(written).toContain('stays');
      expect(written.split('gone').length).toBe(4);
    }
    await rm(directory, { recursive: true });
  });

  it('is in no table and in no cache of parley query', async () => {
    const conversationId = 'over-long-ago-asked';
    await storeOver(conversationId);
    const directory = await mkdtemp(join(tmpdir(), 'parley-test-'));
    const cache = join(directory, 'cache.duckdb');
    const env = { NATS_URL: stack.environment.natsUrl, PARLEY_MASTER_KEYS: TEST_MASTER_KEYS };
    const tables = ['events', 'messages', 'reactions'].map(
      (name) => `(select list(${name}) from ${name}) as ${name}`,
    );
    for (const more of [[], ['--open-bodies', '--conversation', conversationId], ['--cache', cache]]) {
      const { output, ended } = startCli(['query', `select ${tables.join(', ')}`, '--json', ...more], env);
      expect([await ended, output.err]).toEqual([0, '']);
      const answer = JSON.parse(output.out) as Record<string, { conversation_id: string }[] | null>;
      const told = JSON.stringify(
        Object.values(answer).map((rows) => rows?.filter((row) => row.conversation_id === conversationId)),
      );
      expect(tells(told)).toBe(false);
      expect(told).toContain('stays');
      expect(told.split('gone').length).toBe(4);
    }
    await rm(directory, { recursive: true });
  });
});

/** What a reader of the file gets: what is in it is compressed. */
async function textOfParquet(path: string): Promise<string> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const rows = await connection.runAndReadAll(
    `select conversation_id, data::varchar from read_parquet('${path}')`,
  );
  const written = JSON.stringify(rows.getRows());
  connection.closeSync();
  instance.closeSync();
  return written;
}
