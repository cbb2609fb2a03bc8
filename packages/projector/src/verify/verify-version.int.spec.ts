import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { consumeBatches } from '@parley/infra/log/consume';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import { beginVersion, followVersion, promoteVersion } from '@parley/infra/read-model/versions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../checkpoint.js';
import { projectBatch } from '../project-batch.js';
import type { Projection } from '../projection.js';
import { bigLog, farFromItsEnd } from '../testing/big-log.js';
import { eraseInLog } from '../testing/erase-in-log.js';
import { ordinary } from '../testing/full-log.js';
import { type Builds, openBuilds } from '../testing/verify-fixture.js';
import { timeline } from '../timeline/projection.js';

/** As sealed bodies are: what they say is in no digest. */
const sealed = (event: Envelope): Envelope =>
  event.type === 'message.sent'
    ? { ...event, data: { ...event.data, body: `s1.m2023-11.${'n'.repeat(32)}sealed` } }
    : event;

describe('verifying a version', { timeout: 60_000 }, () => {
  let builds: Builds;
  let beside: number;

  beforeAll(async () => {
    builds = await openBuilds(2);
    await builds.given(farFromItsEnd(bigLog(60)));
    for (let n = 0; n < 40; n++) await builds.moved('long-1', 'ann', n + 1, n, 1_000 + n);
    await builds.moved('long-2', 'ben', 3, 2, 1_700_000_000_000);
    await builds.project(1);
    beside = await builds.beside();
    await builds.project(beside, 7);
  });
  afterAll(() => builds.close());

  const verified = async () => {
    const { rows } = await builds.pool.query(
      'select version, verified_against from parley.version order by version',
    );
    return rows.map(({ version, verified_against }) => [version, verified_against]);
  };

  it('remembers that two builds of one log are equal', async () => {
    expect(await verified()).toEqual([
      [1, null],
      [beside, null],
    ]);
    const verification = await builds.verify(beside);
    expect(verification).toMatchObject({ verdict: 'equal', isVerified: true, against: 1, differences: [] });
    expect(verification.partitions.map(({ digests }) => digests[0])).toEqual(
      verification.partitions.map(({ digests }) => digests[1]),
    );
    expect(await verified()).toEqual([
      [1, null],
      [beside, 'rm_1'],
    ]);
  });

  it('remembers that a build is what the log says', async () => {
    const verification = await builds.verify(1);
    expect(verification).toMatchObject({
      verdict: 'equal',
      isVerified: true,
      against: 'log',
      differences: [],
    });
    const { rows } = await builds.pool.query('select count(*)::int as count from rm_1.message');
    const messages = verification.partitions.map((each) => each.rows.message);
    expect(messages.reduce((sum, pair) => sum + (pair?.[1] ?? 0), 0)).toBe(rows[0].count);
    expect(await verified()).toContainEqual([1, 'log']);
  });

  it('remembers nothing of a sample or of a partition', async () => {
    await builds.pool.query('update parley.version set verified_at = null');
    const sample = await builds.verify(beside, { against: 'log', conversations: 20 });
    expect(sample).toMatchObject({ verdict: 'equal', isPart: true, isVerified: false });
    expect(sample.conversations).toBeGreaterThan(10);
    expect(sample.conversations).toBeLessThanOrEqual(20);
    expect(await builds.verify(beside, { partition: 1 })).toMatchObject({ verdict: 'equal', isPart: true });
    const { rowCount } = await builds.pool.query('select from parley.version where verified_at is not null');
    expect(rowCount).toBe(0);
  });

  it('folds a build that is behind up to the other, and leaves it where it was', async () => {
    const places = async () => (await builds.pool.query('select * from rm_2.checkpoint order by 1, 2')).rows;
    await builds.given(ordinary('newer', 30));
    await builds.moved('newer', 'eve', 7, 7, 1_700_000_000_000);
    await builds.project(1);
    const before = await places();
    expect(await builds.verify(beside)).toMatchObject({ verdict: 'equal', isVerified: true });
    expect(await places()).toEqual(before);
    await builds.project(beside);
  });

  it('names what nobody has a beginning for, in rows and in the log', async () => {
    await builds.pool.query(
      `insert into rm_2.message (conversation_id, seq, ordinal, author, at) values ('stray', 4, 1, 'ann', 1)`,
    );
    const stray = { table: 'message', conversationId: 'stray', column: undefined, values: ['there', null] };
    for (const against of [1, 'log'] as const)
      expect(await builds.verify(beside, { against })).toMatchObject({
        verdict: 'wrong',
        differences: [stray],
      });
    await builds.pool.query(`delete from rm_2.message where conversation_id = 'stray'`);
  });

  it('takes builds for equal of which one saw what is erased by now', async () => {
    const place = {
      conversationId: 'forgetful',
      seq: 5,
      at: 1_700_000_000_500,
      actor: 'eve',
      commandId: 'c-5',
    };
    const deletion = envelop({ type: 'message.deleted', data: { seq: 3 } }, place);
    const events = [...ordinary('forgetful', 3).map(sealed), deletion];
    await builds.given(events);
    const { stream } = builds.placeOf('forgetful');
    const { last_seq: last } = (await builds.jsm.streams.info(stream)).state;
    const whole = events.map((event, index) => ({ event, streamSeq: last - 4 + index }));
    await builds.moved('forgetful', 'ben', 3, 2, 1_700_000_000_000);
    await builds.moved('forgetful', 'ben', 4, 3, 1_700_000_000_001);
    await builds.project(1);
    const erasing = eraseInLog({ whole, emptied: [] }, 'forgetful', 3);
    await builds.given([erasing.whole.at(-1)?.event as Envelope]);
    await builds.project(1);
    for (const streamSeq of erasing.emptied) await builds.jsm.streams.deleteMessage(stream, streamSeq, false);
    const receipts = stream.replace('CONV', 'RCPT');
    const moves = (await builds.jsm.streams.info(receipts)).state.last_seq;
    await builds.jsm.streams.deleteMessage(receipts, moves - 1, false);
    const anew = await builds.beside();
    await builds.project(anew);
    expect(await builds.verify(anew)).toMatchObject({ verdict: 'equal', isVerified: true });
    for (const version of [1, anew])
      expect(await builds.verify(version, { against: 'log' })).toMatchObject({
        verdict: 'equal',
        isVerified: true,
      });
  });

  it('does not verify what stands still where the other does not', async () => {
    await builds.given(ordinary('poisoned', 2));
    await builds.js.publish(builds.placeOf('poisoned').subject, '{"type":"message.sung","seq":4}');
    await builds.project(1);
    await builds.project(beside);
    expect(await builds.verify(beside)).toMatchObject({ verdict: 'equal', isVerified: true });
    expect(await builds.verify(beside, { against: 'log' })).toMatchObject({
      verdict: 'equal',
      isVerified: false,
      objections: [expect.stringContaining('1 conversation parked')],
    });
    const kept = await builds.pool.query('delete from rm_1.parked_conversation returning *');
    await builds.pool.query('create table letters as table rm_1.dead_letter; truncate rm_1.dead_letter');
    expect(await builds.verify(beside)).toMatchObject({
      isVerified: false,
      objections: [expect.stringContaining('dead-letters')],
    });
    // And what is passed over in silence is what the log says it is.
    expect(await builds.verify(1)).toMatchObject({
      verdict: 'wrong',
      differences: [{ table: 'parked_conversation', conversationId: 'poisoned', values: [null, 'there'] }],
    });
    expect(kept.rowCount).toBe(1);
    const { partition, stream_seq, waiting } = kept.rows[0];
    await builds.pool.query(
      'insert into rm_1.parked_conversation (partition, conversation_id, stream_seq, waiting) values ($1, $2, $3, $4)',
      [partition, 'poisoned', stream_seq, waiting],
    );
    await builds.pool.query('insert into rm_1.dead_letter table letters; drop table letters');
  });

  it('refuses what is not there, and what is compared with itself', async () => {
    await expect(builds.verify(77)).rejects.toThrow('there is no version 77');
    await expect(builds.verify(beside, { against: 78 })).rejects.toThrow('there is no version 78');
    await expect(builds.verify(beside, { against: beside })).rejects.toThrow('equal to itself');
  });

  it('ends at once when it is told to, with the reason', async () => {
    const stop = new AbortController();
    const step = () => stop.abort(new Error('broken off'));
    const broken = builds.verify(beside, {
      signal: stop.signal,
      onProgress: { begin: () => undefined, step },
    });
    await expect(broken).rejects.toThrow('broken off');
    const { rowCount } = await builds.pool.query(`update rm_${beside}.checkpoint set updated_at = now()`);
    expect(rowCount).toBe(4);
  });

  it('says that the database went away in the middle, and locks nothing', async () => {
    const gone = builds.verify(beside, {
      onProgress: {
        begin: () => undefined,
        step: () =>
          void builds.pool.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'verify' and datname = current_database()`,
          ),
      },
    });
    await expect(gone).rejects.toMatchObject({
      name: 'CannotVerify',
      why: 'away',
      message: expect.stringContaining('verify again'),
    });
    const { rowCount } = await builds.pool.query(`update rm_${beside}.checkpoint set updated_at = now()`);
    expect(rowCount).toBe(4);
  });

  it('lets a log that lost something not judge rows that have it', async () => {
    await builds.given(ordinary('halved', 4));
    await builds.project(1);
    await builds.project(beside);
    const { stream } = builds.placeOf('halved');
    const { last_seq: last } = (await builds.jsm.streams.info(stream)).state;
    await builds.jsm.streams.deleteMessage(stream, last - 1, false);
    const made = await builds.beside();
    await builds.project(made);
    expect(await builds.verify(made)).toMatchObject({
      isVerified: false,
      objections: [expect.stringContaining('1 stretch of the log')],
    });
    expect(await builds.verify(beside, { against: 'log' })).toMatchObject({
      verdict: 'equal',
      isVerified: false,
      objections: expect.arrayContaining([expect.stringContaining('does not have all of 1 conversation')]),
    });
    expect(await builds.verify(1, { against: made })).toMatchObject({
      verdict: 'different',
      isVerified: false,
    });
    await builds.pool.query(`update parley.version set state = 'dropping' where version = $1`, [made]);
    await expect(builds.verify(made)).rejects.toThrow('is being dropped');
  });

  it('does not verify what stands still sooner, or misses more, than the other does', async () => {
    await builds.given(ordinary('sooner', 5));
    const { subject, stream, partition } = builds.placeOf('sooner');
    await builds.js.publish(subject, '{"type":"message.sung","seq":7}');
    const { last_seq: last } = (await builds.jsm.streams.info(stream)).state;
    await builds.jsm.streams.deleteMessage(stream, last - 4, false);
    const one = await builds.beside();
    await builds.project(one);
    // Some release could read only what came before the last three, and parked the conversation there.
    const sooner = await builds.beside();
    const client = await builds.pool.connect();
    const share = { projection: 'timeline', partition } as const;
    const target = { client, schema: schemaOf(sooner), share };
    const picky: Projection = {
      ...timeline,
      prepare: (messages, withheld, refused) =>
        timeline.prepare(
          messages.map((each) => (each.streamSeq === last - 2 ? { ...each, bytes: Buffer.from('?') } : each)),
          withheld,
          refused,
        ),
    };
    let checkpoint = await readCheckpoint(client, schemaOf(sooner), share);
    for await (const batch of consumeBatches(builds.js, stream, 0, { follow: false, maxBatch: 50 }))
      ({ checkpoint } = await projectBatch(target, picky, checkpoint, batch));
    client.release();
    await builds.project(sooner);
    expect(await builds.verify(sooner, { against: one })).toMatchObject({
      isVerified: false,
      objections: [expect.stringContaining('1 conversation parked')],
    });
    expect((await builds.verify(one, { against: sooner })).objections).toEqual([]);

    await builds.jsm.streams.deleteMessage(stream, last - 3, false);
    const less = await builds.beside();
    await builds.project(less);
    expect(await builds.verify(less, { against: one })).toMatchObject({
      isVerified: false,
      objections: [expect.stringContaining('1 stretch of the log')],
    });
  });

  it('compares with the log what a build of an older model does not have', async () => {
    const older = await beginVersion(builds.pool, builds.environment.databaseUrl, 1);
    await followVersion(builds.pool, older);
    await builds.project(older);
    const made = await builds.beside();
    await builds.project(made);
    expect(await builds.verify(made, { against: older })).toMatchObject({
      against: older,
      verdict: 'equal',
      isVerified: true,
    });
    await builds.pool.query(
      `update rm_${made}.message set replies = 7 where conversation_id = 'sooner' and seq = 2`,
    );
    expect(await builds.verify(made, { against: older })).toMatchObject({
      against: 'log',
      isVerified: false,
      differences: [{ table: 'message', conversationId: 'sooner', column: 'replies', values: ['7', '0'] }],
    });
  });

  it('holds up the one that is not served, whichever is verified', async () => {
    await builds.verify(beside);
    await promoteVersion(builds.pool, beside);
    expect(await builds.verify(1)).toMatchObject({ against: beside, verdict: 'equal' });
    expect(await builds.verify(beside, { against: 1 })).toMatchObject({ verdict: 'equal', isVerified: true });
  });
});
