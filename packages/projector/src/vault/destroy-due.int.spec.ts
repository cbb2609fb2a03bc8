import { randomBytes } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { bucketOf } from '@parley/domain/sealing/bucket';
import type { Closed } from '@parley/domain/sealing/closed';
import { streamName } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { createLog } from '@parley/infra/runtime/log';
import { waitFor } from '@parley/infra/testing/wait-for';
import { masterKeysOf } from '@parley/infra/vault/master-keys';
import { openVault } from '@parley/infra/vault/open-vault';
import { readStoredValue } from '@parley/infra/vault/stored-value';
import type { Vault } from '@parley/infra/vault/vault';
import { openVaultStream, type VaultStream } from '@parley/infra/vault/vault-stream';
import { isLeft } from 'fp-ts/lib/Either.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openReadModel, type ReadModel, schema } from '../testing/read-model-fixture.js';
import { destroyDue } from './destroy-due.js';
import { GRACE } from './due-buckets.js';

const MINUTE = 60_000;
const json = '{"kind":"text","text":"hello"}';

describe('destroying buckets', { timeout: 60_000 }, () => {
  let model: ReadModel;
  let nats: NatsConnection;
  let stream: VaultStream;
  let vault: Vault;
  const masterKeys = [randomBytes(32)];
  /** The log's time. */
  let now = 0;
  let figures = { alive: 0, overdue: 0, held: 0, destroyed: 0, looks: 0 };
  const running: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    model = await openReadModel();
    nats = await connectNats(model.environment.natsUrl, 'destroy-due-spec');
    await ensureTopology(nats, { partitions: 1, replicas: 1 });
    stream = openVaultStream(nats, await jetstreamManager(nats));
    vault = await openVault({ nats, masterKeys });
  });
  afterAll(async () => {
    await vault?.close();
    await nats?.close();
    await model?.close();
  });
  beforeEach(async () => {
    // Each test a day later, so that nobody meets the buckets of another.
    now = Math.max(Date.UTC(2026, 10, 21), now + 86_400_000);
    figures = { alive: 0, overdue: 0, held: 0, destroyed: 0, looks: 0 };
    await model.client.query('truncate rm_1.conversation, rm_1.message');
  });
  afterEach(async () => {
    for (const stop of running.splice(0)) await stop();
  });

  function run(through: VaultStream = stream): () => Promise<void> {
    const stop = new AbortController();
    const done = destroyDue(
      {
        nats,
        jsm: stream.jsm,
        database: model.client as never,
        schema,
        partitions: 1,
        vault: through,
        masterKeys: masterKeysOf(masterKeys),
        log: createLog('spec', 'silent'),
        metrics: {
          known: (alive, overdue, held) =>
            Object.assign(figures, { alive, overdue, held, looks: figures.looks + 1 }),
          destroyed: () => figures.destroyed++,
        },
        now: () => now,
        every: 100,
        patience: 300,
      },
      stop.signal,
    );
    const end = async () => {
      stop.abort();
      await done;
    };
    running.push(end);
    return end;
  }

  /** A body of ann in a conversation that expires at a time, in log and rows. */
  async function body(
    conversationId: string,
    expiresAt: number | undefined,
    isHeld = false,
  ): Promise<Closed> {
    const place = { conversationId, seq: 2, author: 'ann' };
    const opaque = await vault.seal(place, bucketOf(now, expiresAt), json);
    if (isLeft(opaque)) throw new Error(JSON.stringify(opaque.left));
    await model.client.query(
      `insert into rm_1.conversation (conversation_id, revision, last_activity_at, hold_since) values ($1, 2, 1, $2)`,
      [conversationId, isHeld ? 1 : null],
    );
    await model.client.query(
      `insert into rm_1.message (conversation_id, seq, ordinal, author, at, expires_at, body) values ($1, 2, 1, 'ann', 1, $2, $3)`,
      [conversationId, expiresAt ?? null, opaque.right],
    );
    return { place, opaque: opaque.right };
  }

  const opens = async (...closed: readonly Closed[]) => (await vault.open(closed)).map(({ tag }) => tag);
  const entries = async (kind: string) => {
    const found: string[] = [];
    for await (const batch of stream.values(kind))
      for (const { name, data } of batch) found.push(`${readStoredValue(data)?.tag} ${name}`);
    return found;
  };

  it('takes the secret of each whose end is a grace ago, and of no other', async () => {
    const [soon, later, never] = [
      await body('soon', now + MINUTE),
      await body('later', now + 5 * MINUTE),
      await body('never', undefined),
    ];
    run();
    await waitFor(() => figures.alive >= 3, { what: 'the buckets to be known' });
    now += 2 * MINUTE + GRACE;
    await waitFor(() => figures.destroyed === 1, { what: 'the bucket to be destroyed' });
    expect(await opens(soon, later, never)).toEqual(['gone', 'open', 'open']);
    const sealedLater = await body('latest', now + MINUTE);
    now += 10 * MINUTE;
    await waitFor(() => figures.destroyed === 3, { what: 'the others, one of them made meanwhile' });
    expect(await opens(later, never, sealedLater)).toEqual(['gone', 'open', 'gone']);
    expect(figures).toMatchObject({ overdue: 0, held: 0 });
  });

  it('waits for the rows to have what the log has, because they say what is held', async () => {
    const closed = await body('behind', now + MINUTE);
    // Asked, so that it is stored and not only sent.
    await nats.request('conv.00.behind', 'something');
    const { state } = await stream.jsm.streams.info(streamName(0));
    now += 3 * MINUTE;
    run();
    await waitFor(() => figures.overdue > 0, { what: 'the bucket to be overdue' });
    await model.client.query('update rm_1.conversation set hold_since = 1');
    expect(await opens(closed)).toEqual(['open']);
    await model.checkpoint();
    await model.client.query('update rm_1.checkpoint set stream_seq = $1', [state.last_seq]);
    await waitFor(() => figures.destroyed > 0, { what: 'the bucket to be destroyed' });
    expect(await opens(closed)).toEqual(['open']);
    expect(figures.held).toBeGreaterThanOrEqual(0);
    await model.client.query('update rm_1.conversation set hold_since = null');
    await model.client.query('update rm_1.message set expired = true, body = null');
    await waitFor(async () => (await opens(closed))[0] === 'gone', { what: 'the held key to go' });
  });

  it('keeps the key of what is on hold, and takes it when the hold is lifted and its messages are gone', async () => {
    const [free, held] = [await body('free', now + MINUTE), await body('kept', now + MINUTE, true)];
    now += 3 * MINUTE;
    run();
    await waitFor(() => figures.held === 1, { what: 'the key to be held' });
    await waitFor(() => figures.overdue === 0, { what: 'the bucket to be destroyed' });
    expect(await opens(free, held)).toEqual(['gone', 'open']);

    // Rows that are being made anew know of no hold yet, and of no message.
    await model.client.query('create temp table away as table rm_1.conversation');
    await model.client.query('create temp table unsaid as table rm_1.message');
    await model.client.query('truncate rm_1.conversation, rm_1.message, rm_1.checkpoint');
    await nats.request('conv.00.kept', 'something');
    const seen = figures.looks;
    await waitFor(() => figures.looks > seen + 2, { what: 'two more looks', timeout: 20_000 });
    expect(await opens(held)).toEqual(['open']);
    await model.client.query('insert into rm_1.conversation select * from away');
    await model.client.query('insert into rm_1.message select * from unsaid');
    await model.checkpoint();
    await model.client.query('update rm_1.checkpoint set stream_seq = 1000');

    await model.client.query('update rm_1.conversation set hold_since = null');
    await model.client.query('update rm_1.message set expired = true, body = null');
    await waitFor(() => figures.held === 0, { what: 'the held key to go' });
    expect(await opens(free, held)).toEqual(['gone', 'gone']);
    expect(await stream.superseded()).toBe(0);
  });

  it('is finished by the next, wherever who began it is killed', async () => {
    const doings = ['newest', 'put', 'overwriteBefore', 'overwrite', 'superseded', 'values'] as const;
    /** The vault as a process sees it that is killed at its nth doing. */
    const dyingAt = (nth: number) => {
      let done = 0;
      const dying = Object.fromEntries(
        doings.map((name) => [
          name,
          (...given: never[]) => {
            if (++done >= nth) throw new Error('killed');
            return (stream[name] as (...args: never[]) => unknown)(...given);
          },
        ]),
      );
      return { dying: { ...stream, ...(dying as unknown as VaultStream) }, isDead: () => done >= nth };
    };
    let doneBy = 0;
    for (let nth = 1; doneBy === 0; nth++) {
      now += 86_400_000;
      await model.client.query('truncate rm_1.conversation, rm_1.message');
      const free = await body(`free-${nth}`, now + MINUTE);
      const held = await body(`kept-${nth}`, now + MINUTE, true);
      now += 3 * MINUTE;
      figures.destroyed = 0;
      const { dying, isDead } = dyingAt(nth);
      const end = run(dying);
      await waitFor(() => isDead() || figures.destroyed === 1, { what: 'it to be killed, or done' });
      if (figures.destroyed === 1) doneBy = nth;
      await end();
      expect(await opens(held)).toEqual(['open']);

      const ended = run();
      await waitFor(async () => (await opens(free, held)).join() === 'gone,open', {
        what: 'the next to finish',
      });
      await waitFor(async () => (await stream.superseded()) === 0, { what: 'all to be overwritten' });
      await ended();
    }
    expect(doneBy).toBeGreaterThan(10);
  });

  it('overwrites what has its marker, where the broker did not answer for a while', async () => {
    const [free, held] = [await body('silent', now + MINUTE), await body('silent-kept', now + MINUTE, true)];
    let failures = 0;
    let isSilent = true;
    run({
      ...stream,
      async overwriteBefore(name, revision) {
        if (!isSilent) return stream.overwriteBefore(name, revision);
        failures++;
        // Long enough for the marker to be heard.
        await nats.flush();
        throw new Error('the broker does not answer');
      },
    });
    now += 3 * MINUTE;
    await waitFor(() => failures > 0, { what: 'the first try' });
    isSilent = false;
    await waitFor(async () => (await stream.superseded()) === 0, { what: 'the bucket to be overwritten' });
    expect(await opens(free, held)).toEqual(['gone', 'open']);

    [failures, isSilent] = [0, true];
    await model.client.query('update rm_1.conversation set hold_since = null');
    await model.client.query('update rm_1.message set expired = true, body = null');
    await waitFor(() => failures > 0, { what: 'the first try at the held key' });
    isSilent = false;
    await waitFor(async () => (await stream.superseded()) === 0, { what: 'the held key to be overwritten' });
    await waitFor(() => figures.held === 0, { what: 'no key to be held' });
  });

  it('works off hundreds that are overdue', async () => {
    const buckets = Array.from({ length: 300 }, (_, n) => `t60-${Math.floor(now / MINUTE + n) * 60}`);
    for (const bucket of buckets)
      await vault.seal({ conversationId: 'many', seq: 2, author: 'ann' }, bucket, json);
    expect((await entries('bucket.*')).filter((each) => each.startsWith('wrapped')).length).toBeGreaterThan(
      299,
    );
    now += 400 * MINUTE;
    run();
    const there = async () => (await entries('bucket.*')).filter((each) => each.includes('wrapped bucket.t'));
    await waitFor(() => figures.destroyed >= 300 && figures.overdue === 0, { what: 'all', timeout: 40_000 });
    await waitFor(async () => (await there()).length === 0, { what: 'the last marker' });
    await waitFor(async () => (await stream.superseded()) === 0, { what: 'the last to be overwritten' });
  });
});
