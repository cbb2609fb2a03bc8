import { randomUUID } from 'node:crypto';
import { closedIn } from '@parley/domain/sealing/closed';
import type { PublishWindow } from '@parley/infra/log/publish-window';
import { conversationFormat, openSnapshots } from '@parley/infra/log/snapshots';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandOf, openLog, text } from '../testing/log-fixture.js';
import { type CommandResources, handleCommand } from './handle.js';

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

async function group(resources: CommandResources, owner = 'ann', members = ['bob']): Promise<string> {
  const conversationId = `g-${randomUUID()}`;
  const made = await handleCommand(
    resources,
    commandOf('conversation.create', owner, { conversationId, kind: 'group', members }),
  );
  expect(E.isRight(made)).toBe(true);
  return conversationId;
}

const send = (
  resources: CommandResources,
  conversationId: string,
  words: string,
  actor = 'ann',
  commandId: string = randomUUID(),
) =>
  handleCommand(
    resources,
    commandOf('message.send', actor, { conversationId, commandId, body: text(words) }),
  );

describe('a command', () => {
  it('is answered with the seq of its event, dense from 1', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    const answers = [await send(api, conversationId, 'one'), await send(api, conversationId, 'two')];
    expect(answers).toMatchObject([{ right: { seq: 2 } }, { right: { seq: 3 } }]);
    expect((await log.events(api, conversationId)).map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'conversation.created'],
      [2, 'message.sent'],
      [3, 'message.sent'],
    ]);
  });

  it('keeps the order in which a hundred of them were given', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    const words = Array.from({ length: 100 }, (_, n) => `message ${n}`);
    await Promise.all(words.map((word) => send(api, conversationId, word)));
    const bodies = (await log.events(api, conversationId)).map(closedIn).filter((body) => body !== undefined);
    const opened = await api.vault.open(bodies);
    expect(opened).toEqual(words.map((word) => ({ tag: 'open', json: JSON.stringify(text(word)) })));
  });

  it('with an id given before gets the first answer, also from an instance that starts cold', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    const first = await send(api, conversationId, 'once', 'ann', 'c-1');
    await send(api, conversationId, 'another');
    const again = await send(await log.instance(), conversationId, 'once', 'ann', 'c-1');
    expect(again).toEqual(E.map((answer: object) => ({ ...answer, repeated: true }))(first));
    expect(await log.events(api, conversationId)).toHaveLength(3);
  });

  it('with an id from longer ago than the state remembers gets the first answer while the broker remembers it', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    const first = await send(api, conversationId, 'once', 'ann', 'long-ago');
    for (let n = 0; n < 600; n++) await send(api, conversationId, `filler ${n}`);
    const again = await send(api, conversationId, 'once', 'ann', 'long-ago');
    expect(again).toEqual(E.map((answer: object) => ({ ...answer, repeated: true }))(first));
    expect(await log.events(api, conversationId)).toHaveLength(602);
  });

  it('with an id that made something else is refused, of another kind or of the same', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    const first = await send(api, conversationId, 'once', 'ann', 'c-1');
    const rename = { conversationId, commandId: 'c-1', title: 'x' };
    const reused = [
      () => handleCommand(api, commandOf('conversation.rename', 'ann', rename)),
      () => send(api, conversationId, 'something else', 'ann', 'c-1'),
    ];
    for (const attempt of reused) expect(await attempt()).toMatchObject({ left: { tag: 'IdReused' } });
    for (let n = 0; n < 40; n++) await send(api, conversationId, `filler ${n}`);
    for (const attempt of reused) expect(await attempt()).toMatchObject({ left: { tag: 'IdReused' } });
    expect(await send(api, conversationId, 'once', 'ann', 'c-1')).toMatchObject(first);
  });

  it('that changed nothing leaves its id free, because no event remembers it', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    const add = { conversationId, commandId: 'c-1', users: ['bob'] };
    const unchanged = await handleCommand(api, commandOf('member.add', 'ann', add));
    expect(unchanged).toMatchObject({ right: { seq: 1 } });
    expect(await send(api, conversationId, 'once', 'ann', 'c-1')).toMatchObject({ right: { seq: 2 } });
    expect(await handleCommand(api, commandOf('member.add', 'ann', add))).toMatchObject({
      left: { tag: 'IdReused' },
    });
  });

  it('with an id that the broker alone remembers is refused as well when it says something else', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    await send(api, conversationId, 'once', 'ann', 'long-ago');
    for (let n = 0; n < 300; n++) await send(api, conversationId, `filler ${n}`);
    expect(await send(api, conversationId, 'something else', 'ann', 'long-ago')).toMatchObject({
      left: { tag: 'IdReused' },
    });
    expect(await log.events(api, conversationId)).toHaveLength(302);
  });
});

describe('several instances over one conversation', () => {
  it('lose and double nothing, though each decides on what it has cached', async () => {
    const instances = await Promise.all([log.instance(), log.instance(), log.instance()]);
    const [first] = instances as [CommandResources, ...CommandResources[]];
    const conversationId = await group(first);
    const words = Array.from({ length: 60 }, (_, n) => `from everywhere ${n}`);
    const answers = await Promise.all(
      words.map((word, n) => send(instances[n % 3] as CommandResources, conversationId, word)),
    );
    const acknowledged = answers.flatMap((answer) => (E.isRight(answer) ? [answer.right.seq] : []));
    const events = await log.events(first, conversationId);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    expect(events).toHaveLength(1 + acknowledged.length);
  });

  it('do not refuse somebody whom another instance has just added', async () => {
    const [one, other] = [await log.instance(), await log.instance()];
    const conversationId = await group(one);
    await send(other, conversationId, 'the other instance has it cached now');
    await handleCommand(one, commandOf('member.add', 'ann', { conversationId, users: ['cid'] }));
    expect(await send(other, conversationId, 'hello', 'cid')).toMatchObject({ right: { seq: 4 } });
  });

  it('refuse somebody whom another instance has just removed', async () => {
    const [one, other] = [await log.instance(), await log.instance()];
    const conversationId = await group(one);
    await send(other, conversationId, 'cached', 'bob');
    await handleCommand(one, commandOf('member.remove', 'ann', { conversationId, users: ['bob'] }));
    expect(await send(other, conversationId, 'still here?', 'bob')).toMatchObject({
      left: { tag: 'NotAMember' },
    });
  });
});

describe('an answer of the broker that is lost', () => {
  const losing =
    (lose: () => boolean) =>
    (window: PublishWindow): PublishWindow => ({
      ...window,
      inFlight: 0,
      publish: async (...args) => {
        const outcome = await window.publish(...args);
        return lose() ? { tag: 'unknown', reason: 'lost on the way' } : outcome;
      },
    });

  it('becomes neither a second event nor a refusal', async () => {
    let lost = 0;
    const api = await log.instance(losing(() => lost++ % 2 === 0));
    const conversationId = `g-${randomUUID()}`;
    await handleCommand(
      api,
      commandOf('conversation.create', 'ann', { conversationId, kind: 'group', members: [] }),
    );
    const answers = [];
    for (let n = 0; n < 20; n++) answers.push(await send(api, conversationId, `message ${n}`));
    expect(answers.map((answer) => (E.isRight(answer) ? answer.right.seq : answer))).toEqual(
      answers.map((_, index) => index + 2),
    );
    expect(await log.events(api, conversationId)).toHaveLength(21);
  });

  it('leaves membership as asked, with the answer of the event', async () => {
    const calm = await log.instance();
    const conversationId = await group(calm);
    const api = await log.instance(losing(() => true));
    const left = await handleCommand(api, commandOf('member.leave', 'bob', { conversationId }));
    expect(left).toMatchObject({ right: { seq: 2 } });
    expect(await log.events(calm, conversationId)).toHaveLength(2);
  });
});

describe('a message far back', () => {
  it('is edited by its author only, though the state has forgotten who wrote it', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    await send(api, conversationId, 'old', 'bob');
    for (let n = 0; n < 600; n++) await send(api, conversationId, `filler ${n}`);
    const edit = (actor: string) =>
      handleCommand(api, commandOf('message.edit', actor, { conversationId, seq: 2, body: text('mended') }));
    expect(await edit('ann')).toMatchObject({ left: { tag: 'NotTheAuthor' } });
    expect(await edit('bob')).toMatchObject({ right: { seq: 603 } });
  });
});

describe('a cold start', () => {
  it('goes on from a snapshot and reads only what came after it', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    for (let n = 0; n < 520; n++) await send(api, conversationId, `message ${n}`);
    const snapshots = (await log.instance()).store;
    const known = await waitFor(
      async () => {
        const bucket = await openSnapshots(log.nats, conversationFormat);
        return bucket.read(conversationId);
      },
      { what: 'a snapshot' },
    );
    expect(known.state.revision).toBe(500);
    expect((await snapshots.known(conversationId)).state).toEqual(
      (await api.store.known(conversationId)).state,
    );
  });
});
