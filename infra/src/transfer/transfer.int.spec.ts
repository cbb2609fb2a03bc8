import { appendFile, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeBody } from '@parley/domain/conversation/body';
import type { ConversationEvent } from '@parley/domain/conversation/events';
import { digestHex } from '@parley/domain/log/digest';
import { decodeEnvelope, type Envelope, envelop } from '@parley/domain/log/envelope';
import { closedIn } from '@parley/domain/sealing/closed';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signingKey } from '../erasure/proof/certificate.js';
import { conversationDigest } from '../log/conversation-digest.js';
import { readConversation } from '../log/conversation-reader.js';
import { logText } from '../log/log-text.js';
import { placeOf, receiptPlaceOf } from '../log/subjects.js';
import { banHash } from '../runtime/ban-hash.js';
import { openTransferStack, type TransferStack } from '../testing/transfer-stack.js';
import { destroySecrets } from '../vault/destroy-secrets.js';
import { checkFile } from './check-file.js';
import { exportConversation } from './export-conversation.js';
import { BadFile } from './format.js';
import { importConversation } from './import-conversation.js';

const PASSPHRASE = Buffer.from('correct horse battery staple');
const EASY = { passes: 1, memory: 8_192 };
const KEY = signingKey(Buffer.alloc(32, 7));

let here: TransferStack;
let there: TransferStack;
let directory: string;
let made = 0;

beforeAll(async () => {
  [here, there] = await Promise.all([openTransferStack(2, 1), openTransferStack(5, 2)]);
  directory = await mkdtemp(join(tmpdir(), 'parley-transfer-'));
});
afterAll(async () => {
  await here?.close();
  await there?.close();
  await rm(directory, { recursive: true, force: true });
});

/** Events of a conversation, the first by ann, at times from `at` on. */
function conversation(at = Date.now() - 60_000) {
  const conversationId = `den-${++made}`;
  const hash = (user: string) => banHash(here.banKey, conversationId, user);
  const events: Envelope[] = [];
  let ordinal = 0;
  const happens = (event: ConversationEvent, actor = 'ann'): number => {
    const seq = events.length + 1;
    events.push(envelop(event, { conversationId, seq, at: at + seq, actor, commandId: `c-${seq}` }));
    return seq;
  };
  const entry = (user: string) => ({ user, role: 'owner' as const, banHash: hash(user) });
  happens({
    type: 'conversation.created',
    data: { kind: 'group', ttl: null, title: 'p0."Den"', members: ['ann', 'ben', 'cem'].map(entry) },
  });
  return {
    conversationId,
    events,
    hash,
    happens,
    sends: (text: string, actor = 'ann', expiresAt?: number) =>
      happens(
        {
          type: 'message.sent',
          data: {
            ordinal: ++ordinal,
            body: closeBody({ kind: 'text', text }),
            ...(expiresAt === undefined ? {} : { expiresAt }),
          },
        },
        actor,
      ),
  };
}

async function exported(
  conversationId: string,
  {
    from = here,
    keyless = false,
    now = from.now,
  }: { from?: TransferStack; keyless?: boolean; now?: () => number } = {},
) {
  const path = join(directory, `${conversationId}-${++made}.parley`);
  const keys = { vault: from.vault, passphrase: PASSPHRASE, hardness: EASY };
  const options = { conversationId, signingKey: KEY, ...(keyless ? {} : { keys }) };
  const manifest = await exportConversation({ ...from, now }, options, (text) => appendFile(path, text));
  return { path, manifest };
}

const taken = (path: string, options: object = {}, into = there) =>
  importConversation(into, path, { passphrase: PASSPHRASE, ...options });

/** The events of a conversation with what opens of them. */
async function readAll(stack: TransferStack, conversationId: string) {
  const found: { event: Envelope; opened: string | undefined; streamSeq: number }[] = [];
  for await (const { json, streamSeq } of readConversation(
    stack.jsm,
    placeOf(conversationId, stack.partitions),
  )) {
    const event = decodeEnvelope(json);
    if (E.isLeft(event)) throw new Error(event.left);
    const closed = closedIn(event.right);
    const [opened] = closed === undefined ? [] : await stack.vault.open([closed]);
    found.push({
      event: event.right,
      streamSeq,
      opened: opened?.tag === 'open' ? opened.json : opened?.tag,
    });
  }
  return found;
}

const textOf = async (stack: TransferStack, conversationId: string) =>
  (await readAll(stack, conversationId))
    .filter(({ event }) => event.type.startsWith('message.') && closedIn(event) !== undefined)
    .map(({ opened }) => (opened?.startsWith('{') ? JSON.parse(opened).text : opened));

const digestOf = async (stack: TransferStack, conversationId: string, upTo?: number) =>
  digestHex((await conversationDigest(stack.jsm, placeOf(conversationId, stack.partitions), upTo)).digest);

/** What is the same of an event wherever it is. */
const anywhere = ({ event, opened }: { event: Envelope; opened: string | undefined }) => {
  const { data, importedTo: _, ...rest } = JSON.parse(JSON.stringify(event));
  const { body: _body, title: _title, banHash: _hash, members, ...others } = data;
  return { ...rest, opened, ...others, members: members?.map((entry: { user: string }) => entry.user) };
};

describe('a conversation that was moved', () => {
  it('has the same events, opens to the same words under secrets of its own, and has the same digest', async () => {
    const { conversationId, events, happens, sends } = conversation();
    const first = sends('hello');
    sends('for a while', 'ben', Date.now() + 86_400_000);
    happens({
      type: 'message.edited',
      data: { seq: first, body: closeBody({ kind: 'text', text: 'hello!' }) },
    });
    happens({ type: 'message.reacted', data: { seq: first, emoji: '+1', removed: false } }, 'ben');
    happens({ type: 'message.pinned', data: { seq: first, author: 'ann' } });
    happens({ type: 'conversation.renamed', data: { title: 'p0."Den II"' } });
    await here.store(events);
    const { path, manifest } = await exported(conversationId);
    expect(manifest).toMatchObject({ lastSeq: 7, events: 7, keys: 5, gone: 0, partitions: 2 });

    expect(await taken(path)).toMatchObject({ appended: 7, readable: 5, gone: 0, digest: manifest.digest });
    const [before, after] = [await readAll(here, conversationId), await readAll(there, conversationId)];
    expect(after.map(anywhere)).toEqual(before.map(anywhere));
    expect(before.map(({ opened }) => opened)).not.toContain('gone');
    for (const [index, { event }] of after.entries())
      if (closedIn(event) !== undefined)
        expect(closedIn(event)?.opaque).not.toBe(closedIn(before[index]?.event as Envelope)?.opaque);
    expect(await digestOf(here, conversationId)).toBe(manifest.digest);
    expect(await digestOf(there, conversationId)).toBe(manifest.digest);

    await destroySecrets(there.vaultStream, ['author.ben'], 'erased');
    expect(await textOf(there, conversationId)).toEqual(['hello', 'gone', 'hello!']);
  });

  it('is told to its members when all of it is there, and can be moved on from there', async () => {
    const { conversationId, events, sends } = conversation();
    sends('hello');
    await here.store(events);
    const notices: string[] = [];
    const subscription = there.nats.subscribe('user.cem', {
      callback: (_, { data }) => void notices.push(String(data)),
    });
    await taken((await exported(conversationId)).path);
    await there.nats.flush();
    subscription.unsubscribe();
    expect(notices.map((notice) => JSON.parse(notice))).toEqual([
      { type: 'conversation.added', conversationId, seq: 2 },
    ]);
    const again = await exported(conversationId, { from: there });
    expect(again.manifest.digest).toBe(await digestOf(here, conversationId));
    expect(await readFile(again.path, 'utf8')).not.toContain('importedTo');
  });

  it('keeps its watermarks', async () => {
    const { conversationId, events, sends } = conversation();
    sends('hello');
    sends('hello again');
    await here.store(events);
    const move = (user: string, read: number) => ({
      conversationId,
      user,
      delivered: 3,
      read,
      at: 1_000 + read,
      members: 3,
    });
    for (const each of [
      move('ben', 2),
      move('cem', 1),
      move('ben', 3),
      { ...move('cem', 9), delivered: 9 },
    ]) {
      const { subject } = receiptPlaceOf(conversationId, each.user, here.partitions);
      await here.nats.request(subject, logText(each));
    }
    const { path } = await exported(conversationId);
    expect(await taken(path)).toMatchObject({ moves: 3 });
    const found: unknown[] = [];
    const place = { ...receiptPlaceOf(conversationId, 'ben', there.partitions) };
    for await (const { json } of readConversation(there.jsm, place)) found.push(json);
    expect(found).toEqual([move('ben', 2), move('ben', 3)]);
  });

  it('knows who is banned and who is a member by the hashes of where it is now', async () => {
    const { conversationId, events, hash, happens } = conversation();
    happens({ type: 'member.banned', data: { banHash: hash('cem') } });
    happens({ type: 'member.banned', data: { banHash: hash('nobody-here') } });
    await here.store(events);
    expect(await taken((await exported(conversationId)).path)).toMatchObject({ strangeBans: 1 });
    const [created, banned] = (await readAll(there, conversationId)).map(({ event }) => event.data);
    const theirs = (user: string) => banHash(there.banKey, conversationId, user);
    expect(created).toMatchObject({ members: [{ banHash: theirs('ann') }, { banHash: theirs('ben') }, {}] });
    expect(banned).toEqual({ banHash: theirs('cem') });
    expect(await digestOf(there, conversationId)).toBe(await digestOf(here, conversationId));
  });

  it('has a hollow event for each that was erased, and says where that is', async () => {
    const { conversationId, events, happens, sends } = conversation();
    const first = sends('planted words');
    sends('stays');
    happens({ type: 'message.deleted', data: { seq: first } });
    await here.store(events);
    const whole = await digestOf(here, conversationId);
    const place = placeOf(conversationId, here.partitions);
    const stored = (await readAll(here, conversationId))[first - 1];
    const nonce = closedIn(stored?.event as Envelope)
      ?.opaque.split('.')[2]
      ?.slice(0, 32) as string;
    const { id: _, conversationId: _c, data, ...left } = events[first - 1] as Envelope;
    const bucket = closedIn(stored?.event as Envelope)?.opaque.split('.')[1];
    const remains = [
      { ...left, streamSeq: stored?.streamSeq as number, data: { ...data, body: `e0.${bucket}.${nonce}` } },
    ];
    const erasing = envelop(
      { type: 'message.erased', data: { seq: first, remains } as never },
      { conversationId, seq: 5, at: Date.now(), actor: '@system', commandId: 'erase-2-2' },
    );
    await here.store([erasing]);
    await here.jsm.streams.deleteMessage(place.stream, stored?.streamSeq as number, true);

    const { path, manifest } = await exported(conversationId);
    expect(manifest).toMatchObject({ events: 5, erased: 1, lastSeq: 5 });
    await taken(path);
    const after = await readAll(there, conversationId);
    expect(after.map(({ event }) => event.seq)).toEqual([1, 2, 3, 4, 5]);
    expect(closedIn(after[1]?.event as Envelope)?.opaque).toBe(`s1.${bucket}.${nonce}`);
    expect(after[1]?.opened).toBe('gone');
    expect(after[4]?.event.data).toMatchObject({ remains: [{ seq: first, streamSeq: after[1]?.streamSeq }] });
    expect(await digestOf(there, conversationId)).toBe(await digestOf(here, conversationId));
    expect(await digestOf(there, conversationId, 4)).toBe(whole);
  });
});

describe('a file', () => {
  it('has nothing in it of a message that is over, however it ended, and no key that opens it', async () => {
    const { conversationId, events, happens, sends } = conversation();
    const later = Date.now() + 5_000;
    const deleted = sends('deleted');
    const expired = sends('expired');
    sends('past its life', 'ann', later);
    sends('by one who was erased', 'eva');
    sends('stays');
    happens({
      type: 'message.edited',
      data: { seq: deleted, body: closeBody({ kind: 'text', text: 'edited' }) },
    });
    happens({ type: 'message.deleted', data: { seq: deleted } });
    happens({ type: 'message.expired', data: { ranges: [[expired, expired]] } }, '@system');
    await here.store(events);
    await destroySecrets(here.vaultStream, ['author.eva'], 'erased');
    const sealed = (await readAll(here, conversationId)).map(({ event }) => closedIn(event)?.opaque ?? '');

    const { path, manifest } = await exported(conversationId, { now: () => later });
    expect(manifest).toMatchObject({ keys: 2, gone: 5 });
    const text = await readFile(path, 'utf8');
    expect(sealed.filter((opaque) => opaque !== '' && text.includes(opaque))).toEqual([sealed[0], sealed[5]]);
    await taken(path, {}, { ...there, now: () => later });
    expect(await textOf(there, conversationId)).toEqual(['gone', 'gone', 'gone', 'gone', 'stays', 'gone']);
  });

  it('brings back nobody who was erased where it comes to', async () => {
    const { conversationId, events, sends } = conversation();
    sends('by one who was erased', 'cem');
    sends('stays', 'ann');
    await here.store(events);
    const { path } = await exported(conversationId);
    await destroySecrets(there.vaultStream, ['author.cem'], 'erased');
    expect(await taken(path)).toMatchObject({
      readable: 2,
      gone: 1,
      erasedPeople: expect.arrayContaining(['cem']),
    });
    expect(await textOf(there, conversationId)).toEqual(['gone', 'stays']);
    const job = await there.jsm.direct.getMessage('ERASURES', { last_by_subj: 'erasure.person.cem' });
    expect(job?.json()).toEqual({ kind: 'person', user: 'cem' });
  });

  it('that was kept until a message was past its life does not bring it back', async () => {
    const { conversationId, events, sends } = conversation();
    const end = Date.now() + 3_600_000;
    sends('for an hour', 'ann', end);
    sends('stays');
    await here.store(events);
    const { path, manifest } = await exported(conversationId);
    expect(manifest).toMatchObject({ keys: 3, gone: 0 });
    expect(await taken(path, {}, { ...there, now: () => end })).toMatchObject({ readable: 2, gone: 1 });
    expect(await textOf(there, conversationId)).toEqual(['gone', 'stays']);
    expect(await digestOf(there, conversationId)).toBe(manifest.digest);
  });

  it('without keys is for the vault that it came from, and for no other', async () => {
    const { conversationId, events, sends } = conversation();
    sends('hello');
    await here.store(events);
    const { path, manifest } = await exported(conversationId, { keyless: true });
    expect(manifest).toMatchObject({ keys: 0, gone: 0 });
    expect(await readFile(path, 'utf8')).not.toContain('"keys":"');
    await expect(taken(path)).rejects.toMatchObject({
      why: 'passphrase',
      message: expect.stringContaining('--closed'),
    });
    expect(await readAll(there, conversationId)).toEqual([]);
    const moved = {
      ...here,
      vault: here.vault,
      nats: there.nats,
      jsm: there.jsm,
      window: there.window,
      partitions: 5,
    };
    expect(await taken(path, {}, moved)).toMatchObject({ readable: 2, gone: 0 });
  });

  it('does not open by another passphrase, nor to somebody who trusts another signer', async () => {
    const { conversationId, events, sends } = conversation();
    sends('hello');
    await here.store(events);
    const { path } = await exported(conversationId);
    await expect(taken(path, { passphrase: Buffer.from('incorrect horse') })).rejects.toMatchObject({
      why: 'passphrase',
    });
    await expect(importConversation(there, path)).rejects.toMatchObject({ why: 'passphrase' });
    await expect(taken(path, { trusted: ['x'.repeat(43)] })).rejects.toMatchObject({ why: 'signer' });
    expect(await readAll(there, conversationId)).toEqual([]);
    for (const weak of ['', 'short', 'aaaaaaaaaaaaaaaaaaaa']) {
      const keys = { vault: here.vault, passphrase: Buffer.from(weak), hardness: EASY };
      const asked = exportConversation(
        here,
        { conversationId, signingKey: KEY, keys },
        async () => undefined,
      );
      await expect(asked, weak).rejects.toMatchObject({ why: 'passphrase' });
    }
  });

  it('in which one byte was changed is refused, and the line named where it is', async () => {
    const { conversationId, events, sends } = conversation();
    for (let index = 0; index < 5; index++) sends(`message ${index}`);
    await here.store(events);
    const move = { conversationId, user: 'ben', delivered: 3, read: 3, at: 5, members: 3 };
    await here.nats.request(receiptPlaceOf(conversationId, 'ben', here.partitions).subject, logText(move));
    const { path } = await exported(conversationId);
    const bytes = await readFile(path);
    await checkFile(path);
    const changed = join(directory, 'changed');
    await writeFile(changed, bytes);
    const file = await open(changed, 'r+');
    let line = 1;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (at % 7 === 0 || byte === 10) {
        for (const other of [byte ^ 1, 10]) {
          if (other === byte) continue;
          await file.write(Buffer.of(other), 0, 1, at);
          const refused = await checkFile(changed).catch((error: unknown) => error);
          const where = `byte ${at} of line ${line}, ${String.fromCharCode(byte)} to ${other}`;
          expect(refused, where).toBeInstanceOf(BadFile);
          expect((refused as BadFile).line, `${where}: ${refused}`).toBe(line);
        }
        await file.write(Buffer.of(byte), 0, 1, at);
      }
      if (byte === 10) line++;
    }
    await file.close();
    await checkFile(changed);
  }, 60_000);

  it('is not read on where no seal comes', async () => {
    const path = join(directory, 'endless');
    await writeFile(path, `{"header":{"format":"parley-conversation/1"}}\n${'{"event":1}\n'.repeat(1_000)}`);
    await expect(checkFile(path)).rejects.toMatchObject({
      line: 257,
      message: expect.stringContaining('seal'),
    });
  });

  it('that was cut off anywhere is refused', async () => {
    const { conversationId, events, sends } = conversation();
    sends('hello');
    await here.store(events);
    const { path } = await exported(conversationId);
    const { length } = await readFile(path);
    for (const cutAt of [length - 1, length - 200, Math.floor(length / 2), 1, 0]) {
      await truncate(path, cutAt);
      await expect(checkFile(path), `cut at ${cutAt}`).rejects.toMatchObject({ why: 'truncated' });
    }
  });

  it('of a newer format, or with an event that nobody here knows, says so', async () => {
    const { conversationId, events } = conversation();
    await here.store(events);
    const { path } = await exported(conversationId);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('parley-conversation/1', 'parley-conversation/2'));
    await expect(checkFile(path)).rejects.toMatchObject({ why: 'newer', line: 1 });
    const unknown = {
      ...(events[0] as Envelope),
      seq: 2,
      type: 'conversation.painted',
      id: `${conversationId}:2`,
    };
    await here.nats.request(placeOf(conversationId, here.partitions).subject, JSON.stringify(unknown));
    await expect(exported(conversationId)).rejects.toMatchObject({ why: 'damaged' });
  });
});

describe('a conversation that cannot be moved', () => {
  it('is one that is not there, was erased, or is not whole', async () => {
    await expect(exported('nowhere')).rejects.toMatchObject({ why: 'absent' });
    const erased = conversation();
    erased.happens({ type: 'conversation.erased', data: {} });
    await here.store(erased.events);
    await expect(exported(erased.conversationId)).rejects.toMatchObject({ why: 'absent' });
    const torn = conversation();
    torn.sends('lost');
    torn.sends('there');
    await here.store(torn.events.filter(({ seq }) => seq !== 2));
    await expect(exported(torn.conversationId)).rejects.toMatchObject({
      why: 'damaged',
      message: expect.stringContaining('from seq 2 to 2'),
    });
  });

  it('is one that is there already, or was erased there, or comes from the future', async () => {
    const { conversationId, events, sends } = conversation();
    sends('hello');
    await here.store(events);
    const { path } = await exported(conversationId);
    await expect(taken(path, {}, here)).rejects.toMatchObject({ why: 'there' });
    const early = { ...there, now: () => Date.now() - 3_600_000 };
    await expect(taken(path, {}, early)).rejects.toMatchObject({ why: 'clock' });
    await destroySecrets(there.vaultStream, [`conversation.${conversationId}`], 'erased');
    await expect(taken(path)).rejects.toMatchObject({
      why: 'there',
      message: expect.stringContaining('erased'),
    });
    expect(await readAll(there, conversationId)).toEqual([]);
  });
});

describe('an import that broke off', () => {
  it('appends nothing behind what cannot be read', async () => {
    const { conversationId, events } = conversation();
    await here.store(events);
    const { path } = await exported(conversationId);
    const place = placeOf(conversationId, there.partitions);
    await there.nats.request(place.subject, 'no event');
    await expect(taken(path)).rejects.toMatchObject({
      why: 'there',
      message: expect.stringContaining('cannot be read'),
    });
    const found: unknown[] = [];
    for await (const { json } of readConversation(there.jsm, place)) found.push(json);
    expect(found).toEqual([undefined]);
  });

  it('goes on where it was, and the whole of it is once in the log', async () => {
    const { conversationId, events, sends } = conversation();
    for (let index = 0; index < 700; index++) sends(`message ${index}`);
    await here.store(events);
    const { path, manifest } = await exported(conversationId);
    for (const stopAfter of [1, 300]) {
      let published = 0;
      const window = {
        ...there.window,
        inFlight: 0,
        publish: (...args: Parameters<TransferStack['window']['publish']>) =>
          ++published > stopAfter
            ? Promise.resolve({ tag: 'refused', code: 10077, description: 'no room' } as const)
            : there.window.publish(...args),
      };
      await expect(taken(path, {}, { ...there, window })).rejects.toMatchObject({ why: 'broken' });
    }
    const reports = [await taken(path), await taken(path)];
    expect(reports.map(({ appended }) => appended)).toEqual([701 - 301, 0]);
    expect(await digestOf(there, conversationId)).toBe(manifest.digest);
    expect((await readAll(there, conversationId)).map(({ event }) => event.seq)).toEqual(
      events.map(({ seq }) => seq),
    );
  });

  it('finds what the broker stored and did not say', async () => {
    const { conversationId, events, sends } = conversation();
    for (let index = 0; index < 200; index++) sends(`message ${index}`);
    await here.store(events);
    const { path, manifest } = await exported(conversationId);
    let published = 0;
    const window = {
      ...there.window,
      inFlight: 0,
      async publish(...args: Parameters<TransferStack['window']['publish']>) {
        const outcome = await there.window.publish(...args);
        return ++published % 90 === 0
          ? ({ tag: 'unknown', reason: 'the answer was lost' } as const)
          : outcome;
      },
    };
    expect(await taken(path, {}, { ...there, window })).toMatchObject({ appended: 201 });
    expect(await digestOf(there, conversationId)).toBe(manifest.digest);
  });

  it('is done by one of two that import the same file at once', async () => {
    const { conversationId, events, sends } = conversation();
    for (let index = 0; index < 300; index++) sends(`message ${index}`);
    await here.store(events);
    const { path, manifest } = await exported(conversationId);
    const both = await Promise.allSettled([taken(path), taken(path)]);
    for (const each of both)
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ why: 'there' });
    await taken(path);
    expect(await digestOf(there, conversationId)).toBe(manifest.digest);
  });

  it('does not go on from another file, nor where others have appended', async () => {
    const { conversationId, events, sends } = conversation();
    sends('hello');
    await here.store(events);
    const one = await exported(conversationId);
    await here.store([{ ...(events[1] as Envelope), seq: 3, id: `${conversationId}:3`, commandId: 'c-3' }]);
    const other = await exported(conversationId);
    await taken(one.path);
    await expect(taken(other.path)).rejects.toMatchObject({ why: 'there' });
    expect(await readAll(there, conversationId)).toHaveLength(2);
  });

  it('appends in order while others write to the same stream', async () => {
    const { conversationId, events, sends } = conversation();
    for (let index = 0; index < 300; index++) sends(`message ${index}`);
    await here.store(events);
    const { path, manifest } = await exported(conversationId);
    const { partition } = placeOf(conversationId, there.partitions);
    let isOver = false;
    const noise = (async () => {
      for (let seq = 1; !isOver; seq++)
        await there.nats.request(`conv.0${partition}.noise-${made}`, `{"seq":${seq}}`);
    })();
    try {
      await taken(path);
    } finally {
      isOver = true;
      await noise;
    }
    expect(await digestOf(there, conversationId)).toBe(manifest.digest);
  });
});
