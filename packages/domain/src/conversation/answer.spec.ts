import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { envelop } from '../log/envelope.js';
import { command, GARDEN, NOON, text } from '../testing/commands.js';
import { created, fold, manySent, sent } from '../testing/given.js';
import { answerAgain, answeredBefore, eventOfCommand } from './answer.js';
import { closeBody } from './body.js';
import { commandCodecs } from './commands.js';
import { eventCodecs } from './events.js';
import { evolve } from './evolve.js';
import { refuse } from './refusals.js';
import { type Conversation, initial, REMEMBERED_COMMANDS, REMEMBERED_PRODUCERS } from './state.js';

const garden = created('group', { ann: 'owner', cem: 'member' });
const send = (actor: string, more: object) =>
  command('message.send', actor, { body: text('hello'), ...more });
const from = (id: string, position: number) => ({ producer: { id, position } });

/** The state after messages that came from places in sources. */
function imported(places: readonly { readonly id: string; readonly position: number }[]): Conversation {
  return places.reduce((state, producer) => {
    const seq = state.revision + 1;
    const place = {
      conversationId: GARDEN,
      seq,
      at: NOON,
      actor: 'ann',
      commandId: `import-${seq}`,
      producer,
    };
    return evolve(state, envelop({ type: 'message.sent', data: { ordinal: seq, body: 'p0.{}' } }, place));
  }, initial as Conversation);
}

describe('a command that comes again', () => {
  const state = fold([garden, sent('cem', 1, 'send-1'), sent('cem', 2, 'send-2')]);

  const envelope = (words: string) =>
    envelop(
      { type: 'message.sent', data: { ordinal: 1, body: closeBody(text(words)) } },
      { conversationId: GARDEN, seq: 2, at: NOON - 999, actor: 'cem', commandId: 'send-1' },
    );

  it('is known with the event it made', () => {
    const before = answeredBefore(state, send('cem', { commandId: 'send-1' }));
    expect(before).toMatchObject(E.right({ tag: 'remembered', deed: { seq: 2, at: NOON - 999 } }));
  });

  it('gets the seq and the time of that event, if it says what the event holds', () => {
    const first = E.right({ conversationId: GARDEN, seq: 2, at: NOON - 999, repeated: true });
    const again = send('cem', { commandId: 'send-1' });
    expect(answerAgain(again, envelope('hello'), envelope('hello'))).toStrictEqual(first);
    expect(answerAgain(again, envelope('hello'), undefined)).toStrictEqual(first);
  });

  it('is refused when it says something else', () => {
    const again = send('cem', { commandId: 'send-1' });
    expect(answerAgain(again, envelope('bye'), envelope('bye'))).toStrictEqual(
      E.left(refuse('IdReused', 'it made message.sent with other content')),
    );
  });

  it('is known also after its sender has left and the conversation is closed', () => {
    const later = fold([
      garden,
      sent('cem', 1, 'send-1'),
      { by: 'cem', event: { type: 'member.left', data: {} } },
      { by: 'ann', event: { type: 'conversation.closed', data: {} } },
    ]);
    expect(answeredBefore(later, send('cem', { commandId: 'send-1' }))).toMatchObject(
      E.right({ deed: { seq: 2 } }),
    );
  });

  it('is new when another one has the id', () => {
    expect(answeredBefore(state, send('ann', { commandId: 'send-1' }))).toBeUndefined();
    expect(answeredBefore(state, send('cem', { commandId: 'send-3' }))).toBeUndefined();
    expect(answeredBefore(initial, send('cem', { commandId: 'send-1' }))).toBeUndefined();
  });

  it('is refused when its id was for something else', () => {
    const rename = command('conversation.rename', 'cem', { commandId: 'send-1', title: 'Roses' });
    expect(answeredBefore(state, rename)).toStrictEqual(E.left(refuse('IdReused', 'it made message.sent')));
  });

  it('is known for certain among the newest 256 events, and forgotten some time after', () => {
    expect(REMEMBERED_COMMANDS).toBe(256);
    const again = send('cem', { commandId: 'send-1' });
    const after = (events: number) => fold([garden, sent('cem', 1, 'send-1'), ...manySent('ann', events, 2)]);
    expect(answeredBefore(after(255), again)).toMatchObject(E.right({ deed: { seq: 2 } }));
    expect(answeredBefore(after(255 + 32), again)).toBeUndefined();
  });
});

describe('a command with a place in a source', () => {
  it('is done when the source has come as far, whatever its id', () => {
    const state = imported([{ id: 'file', position: 10 }]);
    for (const position of [1, 9, 10]) {
      expect(answeredBefore(state, send('ann', { ...from('file', position) }))).toStrictEqual(
        E.right({ tag: 'answered', answer: { conversationId: GARDEN, seq: 1, at: NOON, repeated: true } }),
      );
    }
  });

  it('is new beyond that, and in another source', () => {
    const state = imported([{ id: 'file', position: 10 }]);
    expect(answeredBefore(state, send('ann', from('file', 11)))).toBeUndefined();
    expect(answeredBefore(state, send('ann', from('other', 1)))).toBeUndefined();
    expect(answeredBefore(initial, send('ann', from('file', 1)))).toBeUndefined();
  });

  it('gets its own answer while its id is remembered, without being compared', () => {
    const state = imported([
      { id: 'file', position: 1 },
      { id: 'file', position: 2 },
    ]);
    expect(answeredBefore(state, send('ann', { commandId: 'import-1', ...from('file', 1) }))).toMatchObject(
      E.right({ tag: 'answered', answer: { seq: 1 } }),
    );
  });

  it('is known for the 1,024 sources used last', () => {
    expect(REMEMBERED_PRODUCERS).toBe(1_024);
    const places = Array.from({ length: 1_024 }, (_, i) => ({ id: `file-${i}`, position: 5 }));
    const full = imported(places);
    expect(answeredBefore(full, send('ann', from('file-0', 5)))).toBeDefined();

    const touched = imported([...places, { id: 'file-0', position: 6 }, { id: 'one-more', position: 1 }]);
    expect(touched.producers.size).toBe(1_024);
    expect(answeredBefore(touched, send('ann', from('file-0', 6)))).toBeDefined();
    expect(answeredBefore(touched, send('ann', from('file-1', 5)))).toBeUndefined();
    expect(answeredBefore(touched, send('ann', from('file-2', 5)))).toBeDefined();
  });
});

it('knows the event of every command, each another one', () => {
  expect(Object.keys(eventOfCommand).sort()).toStrictEqual(Object.keys(commandCodecs).sort());
  expect(Object.values(eventOfCommand).sort()).toStrictEqual(Object.keys(eventCodecs).sort());
});
