import { randomUUID } from 'node:crypto';
import type { Body } from '@parley/domain/conversation/body';
import { stands } from '@parley/domain/conversation/state';
import type { Envelope } from '@parley/domain/log/envelope';
import { bucketOf } from '@parley/domain/sealing/bucket';
import { closedIn } from '@parley/domain/sealing/closed';
import { readSealedText } from '@parley/domain/sealing/sealed-text';
import { conversationFormat, openSnapshots } from '@parley/infra/log/snapshots';
import { sentRow } from '@parley/infra/read-model/newest-page';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { openBreakableLine } from '@parley/infra/testing/breakable-line';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import { everythingInNats } from '@parley/infra/testing/raw-stores';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { destroySecrets } from '@parley/infra/vault/destroy-secrets';
import { openVault } from '@parley/infra/vault/open-vault';
import type { SecretName } from '@parley/infra/vault/vault';
import { openVaultStream } from '@parley/infra/vault/vault-stream';
import { isRight } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRecentEvents } from '../conversations/recent-events.js';
import { openReplay, type Replayed } from '../internal/replay.js';
import { openMessages, openTitle } from '../read/open-views.js';
import { commandOf, openLog, text } from '../testing/log-fixture.js';
import { type CommandResources, handleCommand } from './handle.js';

/** Of the clock of commands in tests. */
const MONTH = 'm2023-11';
const WORD = 'rhododendron';
const BODIES: readonly (readonly [string, Body])[] = [
  ['text', text(WORD)],
  ['an emote', { kind: 'text', text: WORD, emote: true }],
  ['what clients sealed', { kind: 'sealed', ciphertext: WORD, nonce: 'AAAA', tag: 'AAAA' }],
];

let environment: TestEnvironment;
let log: Awaited<ReturnType<typeof openLog>>;

beforeAll(async () => {
  environment = await testEnvironment();
  log = await openLog(environment.natsUrl);
});
afterAll(async () => {
  await log?.close();
  await environment?.dispose();
});

async function group(api: CommandResources): Promise<string> {
  const conversationId = `g-${randomUUID()}`;
  await done(
    api,
    commandOf('conversation.create', 'ann', { conversationId, kind: 'group', members: ['bob'] }),
  );
  return conversationId;
}

async function done(api: CommandResources, command: Parameters<typeof handleCommand>[1]): Promise<number> {
  const answer = await handleCommand(api, command);
  if (!isRight(answer)) throw new Error(JSON.stringify(answer.left));
  return answer.right.seq;
}

const sealedOf = (event: Envelope | undefined) => {
  const body = event && closedIn(event);
  return body && readSealedText(body.opaque);
};

describe('a body', () => {
  it.each(BODIES)('is sealed in the log and in memory when it is %s, sent or edited', async (_what, body) => {
    const recent = openRecentEvents();
    const api = await log.instance(undefined, recent.add);
    const conversationId = await group(api);
    const seq = await done(api, commandOf('message.send', 'ann', { conversationId, body }));
    await done(api, commandOf('message.edit', 'ann', { conversationId, seq, body }));
    const stored = await log.events(api, conversationId);
    expect(stored).toHaveLength(3);
    for (const events of [stored, recent.after(conversationId, 0) ?? []]) {
      expect(events.slice(1).map((event) => sealedOf(event)?.bucket)).toEqual([MONTH, MONTH]);
      expect(JSON.stringify(events)).not.toContain(WORD);
    }
    const bodies = stored.map(closedIn).filter((each) => each !== undefined);
    expect(await api.vault.open(bodies)).toEqual(
      bodies.map(() => ({ tag: 'open', json: JSON.stringify(body) })),
    );
    expect(await everythingInNats(log.nats)).not.toContain(WORD);
  });

  it('is sealed in snapshots', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    for (let n = 0; n < 40; n++)
      await done(api, commandOf('message.send', 'ann', { conversationId, body: text(WORD) }));
    const snapshots = await openSnapshots(log.nats, conversationFormat);
    await waitFor(() => snapshots.read(conversationId), { what: 'a snapshot' });
    expect(await everythingInNats(log.nats)).not.toContain(WORD);
  });

  it('hangs on the bucket in which its message expires, an edit on that of the edited message', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    const send = commandOf('message.send', 'ann', { conversationId, body: text('soon gone'), ttl: 86_400 });
    const seq = await done(api, send);
    const edit = commandOf('message.edit', 'ann', { conversationId, seq, body: text('changed') });
    await done(api, edit);
    const expiresAt = send.at + 86_400_000;
    const [, sent, edited] = await log.events(api, conversationId);
    expect(sealedOf(sent)?.bucket).toBe(bucketOf(send.at, expiresAt));
    expect(sealedOf(edited)?.bucket).toBe(bucketOf(edit.at, expiresAt));
  });

  it('opens at its place alone, whoever was faster', async () => {
    const [one, other] = [await log.instance(), await log.instance()];
    const conversationId = await group(one);
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        handleCommand(
          n % 2 === 0 ? one : other,
          commandOf('message.send', 'ann', { conversationId, body: text(`${n}`) }),
        ),
      ),
    );
    const bodies = (await log.events(one, conversationId)).map(closedIn).filter((body) => body !== undefined);
    expect(bodies.length).toBeGreaterThan(1);
    for (const { tag } of await one.vault.open(bodies)) expect(tag).toBe('open');
    const moved = bodies.map(({ place, opaque }) => ({ place: { ...place, seq: place.seq + 1 }, opaque }));
    for (const { tag } of await one.vault.open(moved)) expect(tag).toBe('gone');
  });
});

describe('a title', () => {
  it('is sealed, stays when whoever gave it is erased, and is not given again when it is so already', async () => {
    const api = await log.instance();
    const conversationId = `g-${randomUUID()}`;
    const owner = `eve-${randomUUID()}`;
    await done(
      api,
      commandOf('conversation.create', owner, {
        conversationId,
        kind: 'group',
        members: ['bob'],
        title: WORD,
      }),
    );
    const rename = (title: string) => commandOf('conversation.rename', owner, { conversationId, title });
    expect(await done(api, rename(WORD))).toBe(1);
    expect(await done(api, rename(`${WORD}s`))).toBe(2);
    expect(await done(await log.instance(), rename(`${WORD}s`))).toBe(2);
    expect(await everythingInNats(log.nats)).not.toContain(WORD);

    await destroySecrets(openVaultStream(log.nats, log.jsm), [`author.${owner}`], 'test');
    const { state } = await api.store.fresh(conversationId);
    const title = stands(state) ? state.title : undefined;
    const { vault } = await log.instance();
    expect(await openTitle(vault, conversationId, title)).toEqual({ title: `${WORD}s` });
  });
});

describe('a command that comes again', () => {
  it('is compared with what was sealed', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    const first = commandOf('message.send', 'ann', { conversationId, commandId: 'c-1', body: text('once') });
    const seq = await done(api, first);
    expect(await handleCommand(await log.instance(), first)).toMatchObject({
      right: { seq, repeated: true },
    });
    const other = commandOf('message.send', 'ann', { conversationId, commandId: 'c-1', body: text('twice') });
    expect(await handleCommand(api, other)).toMatchObject({ left: { tag: 'IdReused' } });
  });
});

describe('while the vault is away', () => {
  it('a send is refused as retryable and a page has placeholders, and both recover', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    await done(api, commandOf('message.send', 'ann', { conversationId, body: text('before') }));

    const line = await openBreakableLine(environment.natsUrl);
    const nats = await connectNats(line.url, 'test');
    const vault = await openVault({ nats, masterKeys: [TEST_MASTER_KEY] });
    const recent = openRecentEvents();
    const { store, jsm, ...rest } = await log.instance(undefined, recent.add);
    const cutOff = { ...rest, store, jsm, vault };
    const replay = openReplay({ jsm, store, recent, vault, now: () => 0 });
    const question = { conversationId, after: 1, limit: 10, until: 2 };
    expect(bodyOf(await replay([question]))).toMatchObject({ body: text('before') });

    line.cut();
    const isLocked = async () =>
      JSON.stringify(bodyOf(await replay([question]))).includes('"sealed":"locked"');
    await waitFor(isLocked, { what: 'placeholders' });
    expect(bodyOf(await replay([question]))).toMatchObject({ body: null, sealed: 'locked' });
    const late = commandOf('message.send', 'ann', { conversationId, commandId: 'late', body: text('late') });
    expect(await handleCommand(cutOff, late)).toMatchObject({ left: { tag: 'Unavailable' } });
    expect(await log.events(api, conversationId)).toHaveLength(2);

    line.mend();
    await waitFor(async () => isRight(await handleCommand(cutOff, late)), {
      what: 'sending to recover',
      timeout: 20_000,
    });
    expect(await log.events(api, conversationId)).toHaveLength(3);
    expect(bodyOf(await replay([question]))).toMatchObject({ body: text('before') });
    await vault.close();
    await nats.close();
    line.close();
  });
});

describe('after a secret was destroyed', () => {
  const destroy = async (...names: readonly SecretName[]) =>
    destroySecrets(openVaultStream(log.nats, log.jsm), names, 'test');

  it('a page has placeholders from the next question on, wherever it comes from, also while it is read', async () => {
    const recent = openRecentEvents();
    const api = await log.instance(undefined, recent.add);
    const conversationId = await group(api);
    for (const words of ['one', 'two'])
      await done(api, commandOf('message.send', 'ann', { conversationId, body: text(words) }));
    const events = await log.events(api, conversationId);
    const { store, jsm, vault } = api;
    const replay = openReplay({ jsm, store, recent, vault, now: () => 0 });
    const cold = openReplay({ jsm, store, recent: openRecentEvents(), vault, now: () => 0 });
    const question = { conversationId, after: 1, limit: 10, until: 3 };
    expect(bodyOf(await replay([question]))).toMatchObject({ body: text('one') });

    const reading = Array.from({ length: 50 }, () =>
      openMessages(vault, conversationId, rowsOf(events), 'bob'),
    );
    await Promise.all([destroy(`conversation.${conversationId}`), ...reading]);
    const isGone = async () => JSON.stringify(bodyOf(await replay([question]))).includes('"sealed":"gone"');
    await waitFor(isGone, { what: 'the news of it' });
    expect(bodyOf(await replay([question]))).toMatchObject({ body: null, sealed: 'gone' });
    expect(bodyOf(await cold([question]))).toMatchObject({ body: null, sealed: 'gone' });
    expect(await openMessages(vault, conversationId, rowsOf(events), 'bob')).toMatchObject([
      { seq: 2, body: null, sealed: 'gone' },
      { seq: 3, body: null, sealed: 'gone' },
    ]);
    const late = (await log.instance()).vault;
    expect(await openMessages(late, conversationId, rowsOf(events), 'bob')).toMatchObject([
      { sealed: 'gone' },
      { sealed: 'gone' },
    ]);
  });

  it('its author sends no more, and a command that comes again gets its first answer', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    const author = `eve-${randomUUID()}`;
    await done(api, commandOf('member.add', 'ann', { conversationId, users: [author] }));
    const first = commandOf('message.send', author, { conversationId, body: text('once') });
    const seq = await done(api, first);
    await destroy(`author.${author}`);
    const again = commandOf('message.send', author, { conversationId, body: text('again') });
    await waitFor(async () => !isRight(await handleCommand(api, again)), { what: 'the news of it' });
    expect(
      await handleCommand(api, commandOf('message.send', author, { conversationId, body: text('and') })),
    ).toMatchObject({ left: { tag: 'PersonErased' } });
    expect(await handleCommand(api, first)).toMatchObject({ right: { seq, repeated: true } });
  });
});

/** Events as rows: messages as they were sent. */
const rowsOf = (events: readonly Envelope[]) =>
  events.flatMap((event) => (event.type === 'message.sent' ? [sentRow(event)] : []));

/** The body of the first event of the first page. */
function bodyOf([page]: readonly Replayed[]): unknown {
  if (page === undefined || !('events' in page)) throw new Error(JSON.stringify(page));
  return (JSON.parse(page.events[0] as string) as { data: unknown }).data;
}
