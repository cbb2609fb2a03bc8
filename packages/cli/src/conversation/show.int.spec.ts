import type { NatsConnection } from '@nats-io/transport-node';
import type { Envelope } from '@parley/domain/log/envelope';
import { receiptPlaceOf } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import { storeLog } from '@parley/infra/testing/store-log';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { talk } from '@parley/projector/testing/big-log';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

let environment: TestEnvironment;
let nats: NatsConnection;

/** Two people talk, edit, react and delete, once a second from 2023-11-14 22:13:21 UTC on. */
const garden: readonly Envelope[] = talk('garden', 24).map((event) => ({
  ...event,
  at: 1_700_000_000_000 + event.seq * 1_000,
}));

beforeAll(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
  await ensureTopology(nats, { partitions: 1, replicas: 1 });
  await storeLog(nats, garden, 1);
  await storeLog(nats, talk('cut', 40).slice(20), 1);
  const painted = talk('painted', 5);
  await storeLog(nats, [...painted.slice(0, 4), { ...painted[4], type: 'message.painted' } as never], 1);
  const move = { conversationId: 'garden', user: 'ben', delivered: 9, read: 8, at: 1_700_000_009_500 };
  await nats.request(receiptPlaceOf('garden', 'ben', 1).subject, JSON.stringify(move));
});
afterAll(async () => {
  await nats?.close();
  await environment?.dispose();
});

const show = (...flags: readonly string[]) =>
  runCli(['conversation', 'show', ...flags], {
    NATS_URL: environment.natsUrl,
    PARLEY_MASTER_KEYS: Buffer.from(TEST_MASTER_KEY).toString('base64url'),
  });

describe('conversation show', () => {
  it('prints who was there, what they had read, and what was said', async () => {
    const { code, out, err } = await show(
      'garden',
      '--at',
      '2023-11-14T22:13:35',
      '--limit',
      '7',
      '--open-bodies',
    );
    expect([code, err]).toEqual([0, '']);
    const lines = out.split('\n').map((line) => line.trimEnd());
    expect(lines.slice(0, 3)).toEqual([
      'garden',
      'after event 15 of 24, at 2023-11-14 22:13:35',
      'group, 2 members, 12 messages so far, messages stay',
    ]);
    expect(out).toMatch(/│ ben +│ owner │ +1 │ +10 │ +10 │/);
    expect(lines).toContain('… there are more: --limit, --before and --after show them');
    expect(lines).toContain('2023-11-14');
    expect(lines).toContain('22:13:30 #10  ben  message 10 of garden');
    expect(out).toMatch(/#7 {2}ann {2}message 7 of garden {2}\(\+1 1\)/);
  });

  it('opens nothing unless it is told to', async () => {
    const { out } = await show('garden', '--at', '7');
    expect(out).toContain('[sealed]');
    expect(out).not.toContain('message 2');
  });

  it('prints it as JSON', async () => {
    const { code, out } = await show(
      'garden',
      '--at',
      '12',
      '--json',
      '--open-bodies',
      '--after',
      '2',
      '--limit',
      '2',
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      conversationId: 'garden',
      kind: 'group',
      revision: 12,
      memberCount: 2,
      members: [
        { user: 'ann', role: 'owner', read: 11, exact: true },
        { user: 'ben', role: 'owner', read: 10, exact: true },
      ],
      past: {
        seq: 12,
        at: 1_700_000_012_000,
        head: 24,
        hasMoreMessages: true,
        incomplete: false,
        messages: [
          { seq: 3, author: 'ann', editedAt: 1_700_000_012_000 },
          { seq: 4, author: 'ben' },
        ],
      },
    });
  });

  it.each([
    ['a conversation that is not there', ['nowhere'], exitCodes.noInput, 'there is no conversation nowhere'],
    [
      'a seq past the head',
      ['garden', '--at', '25'],
      exitCodes.noInput,
      'the newest event of the conversation is 24',
    ],
    [
      'a time before it began',
      ['garden', '--at', '2001-01-01'],
      exitCodes.noInput,
      'began later, at 2023-11-14T22:13:21',
    ],
    ['a place that the log has lost', ['cut', '--at', '5'], exitCodes.noInput, 'it has it from event 21 on'],
    ['no moment', ['garden', '--at', 'noon'], exitCodes.usage, 'noon is neither a seq nor a time'],
    ['two directions', ['garden', '--before', '3', '--after', '1'], exitCodes.usage, 'give one of'],
    ['no id', ['a.b'], exitCodes.usage, 'A conversation has 1 to 140'],
  ])('says what is wrong with %s', async (_, flags, code, words) => {
    const ended = await show(...flags);
    expect(ended).toMatchObject({ code, out: '' });
    expect(ended.err).toContain(words);
    expect(ended.err).not.toContain('    at ');
  });

  it('opens nothing where an event cannot be read, which may have deleted it', async () => {
    const { code, out } = await show('painted', '--open-bodies');
    expect(code).toBe(0);
    expect(out).toContain('of the stream cannot be read: type: nobody knows the event message.painted');
    expect(out).toContain('[in doubt]');
    expect(out).not.toContain('message 2');
  });

  it('says what the log has lost', async () => {
    const { code, out } = await show('cut');
    expect(code).toBe(0);
    expect(out).toContain('20 events of before are missing');
  });
});
