import { answeredBefore } from '@parley/domain/conversation/answer';
import { type Command, type CommandType, peopleNamed } from '@parley/domain/conversation/commands';
import { decide } from '@parley/domain/conversation/decide';
import { evolve } from '@parley/domain/conversation/evolve';
import { type Conversation, initial } from '@parley/domain/conversation/state';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPlanner, type PlannedCommand, type PlannedLine, type Source } from './plan.js';

const midnight = Date.UTC(2007, 5, 4);
const source = (lines: readonly string[], id = 'f.txt'): Source => ({ id, midnight, lines });
const planner = (maxMembers?: number) =>
  createPlanner({ conversationId: 'c', owner: 'demo', ...(maxMembers === undefined ? {} : { maxMembers }) });
const planned = (lines: readonly string[]): readonly PlannedLine[] => [...planner()(source(lines))];
const brief = ({ method, params }: PlannedCommand): string => {
  const { users, as, body } = params as { users?: string[]; as?: string; body?: { text: string } };
  return [method, users?.join(','), as, body?.text].filter((part) => part !== undefined).join(' ');
};
const briefs = (lines: readonly string[]): readonly string[] =>
  planned(lines).flatMap(({ commands }) => commands.map(brief));

describe('the plan of an import', () => {
  it('adds a nick when it joins, and one that speaks before it joined', () => {
    expect(
      briefs([
        '=== ann [~a@h]  has joined #c',
        '[09:00] <ann> hi',
        '[09:00] <bob> ho',
        '=== bob [~b@h]  has joined #c',
      ]),
    ).toEqual(['member.add ann', 'message.send ann hi', 'member.add bob', 'message.send bob ho']);
  });

  it('lets go who leaves, is kicked or takes another nick', () => {
    expect(
      briefs([
        '[09:00] <ann> hi',
        '=== ann is now known as bob',
        '=== bob [~b@h]  has left #c []',
        '=== bob [~b@h]  has left #c []',
        '[09:01] <eve> hi',
        '=== eve was kicked off #c by op (why)',
      ]),
    ).toEqual([
      'member.add ann',
      'message.send ann hi',
      'member.add bob',
      'member.leave ann',
      'member.leave bob',
      'member.add eve',
      'message.send eve hi',
      'member.remove eve',
    ]);
  });

  it('gives each command an id and a position from its file and line, and each message its time', () => {
    const [, line] = planned(['nonsense', '[09:03]  * ann waves']);
    expect(line?.commands.map(({ position }) => position)).toEqual([16, 17]);
    expect(line?.commands[1]?.params).toEqual({
      conversationId: 'c',
      commandId: 'f.txt:17',
      producer: { id: 'f.txt', position: 17 },
      as: 'ann',
      sentAt: midnight + 543 * 60_000,
      body: { kind: 'text', text: 'waves', emote: true },
    });
  });

  it('counts texts that may not be stored', () => {
    const kinds = planned([
      '[09:00] <a> nul \u0000',
      `[09:00] <a> ${'x'.repeat(65_537)}`,
      `[09:00] <${'|'.repeat(22)}> x`,
    ]);
    expect(kinds.map(({ kind, commands }) => [kind, commands.length])).toEqual([
      ['refused', 0],
      ['refused', 0],
      ['nick', 0],
    ]);
  });

  it('lets the longest silent make room before a group is full', () => {
    const lines = ['a', 'b', 'c', 'a', 'd'].map((nick) => `[09:00] <${nick}> hi`);
    const all = [...planner(4)(source(lines))];
    expect(all.at(-1)?.commands.map(brief)).toEqual([
      'member.remove b,c,a',
      'member.add d',
      'message.send d hi',
    ]);
    expect(all.at(-1)?.retired).toBe(3);
  });

  const nick = fc.constantFrom('ann', 'bob', 'eve', 'demo', '[x] y');
  const anyLine = fc.oneof(
    fc.tuple(nick, fc.constantFrom('one', 'two')).map(([n, text]) => `[09:00] <${n}> ${text}`),
    nick.map((n) => `=== ${n} [~u@h]  has joined #c`),
    nick.map((n) => `=== ${n} [~u@h]  has left #c []`),
    nick.map((n) => `=== ${n} was kicked off #c by op (why)`),
    fc.tuple(nick, nick).map(([n, to]) => `=== ${n} is now known as ${to}`),
    fc.constant('nonsense'),
  );

  it('ends the same when it is broken off anywhere and run again, as the rules of conversations have it', () => {
    fc.assert(
      fc.property(
        fc.array(anyLine, { maxLength: 40 }),
        fc.array(anyLine, { maxLength: 20 }),
        fc.nat(),
        (one, two, cut) => {
          const commands = () => {
            const plan = planner(4);
            return [source(one, 'one'), source(two, 'two')].flatMap((file) =>
              [...plan(file)].flatMap((line) => line.commands),
            );
          };
          const all = commands();
          expect(commands()).toEqual(all);
          const whole = run(created(), all);
          const prefix = run(created(), all.slice(0, cut % (all.length + 1)));
          const done = prefix.state.producers;
          const rest = all.filter(
            ({ position, params }) => position > (done.get(params.producer?.id ?? '') ?? 0),
          );
          expect(run(prefix, rest).log).toEqual(whole.log);
          expect(run(prefix, all).log).toEqual(whole.log);
        },
      ),
    );
  });
});

type World = { readonly state: Conversation; readonly log: readonly Envelope[] };

const created = (): World =>
  run({ state: initial, log: [] }, [
    {
      method: 'conversation.create',
      params: { conversationId: 'c', commandId: 'create', kind: 'group', members: [] },
    },
  ]);

/** Decides and evolves as command-api does; a refusal fails the test. */
function run(world: World, commands: readonly { readonly method: string; readonly params: object }[]): World {
  let { state, log } = world;
  for (const { method, params } of commands) {
    const data = params as {
      conversationId: string;
      commandId: string;
      as?: string;
      producer?: { id: string; position: number };
    };
    const actor = data.as ?? 'demo';
    const named = peopleNamed(method as CommandType, data as Command['data'], actor);
    const banHashes = Object.fromEntries(named.map((user) => [user, `hash-${user.replaceAll('=', '_')}`]));
    const command = { type: method, data, actor, at: 1, banHashes } as Command;
    const before = answeredBefore(state, command);
    if (before?._tag === 'Left') throw new Error(JSON.stringify(before.left));
    if (before !== undefined) continue;
    const decision = decide(state, command);
    if (decision._tag === 'Left')
      throw new Error(`${JSON.stringify(command)}: ${JSON.stringify(decision.left)}`);
    if (decision.right === undefined) continue;
    const { conversationId, commandId, producer } = data;
    const place = { conversationId, commandId, seq: state.revision + 1, at: 1, actor: command.actor };
    const event = envelop(decision.right, { ...place, ...(producer === undefined ? {} : { producer }) });
    state = evolve(state, event);
    log = [...log, event];
  }
  return { state, log };
}
