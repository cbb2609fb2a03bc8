import type { CallParams } from '@parley/client/parley-client';
import { Body } from '@parley/domain/conversation/body';
import { MAX_MEMBERS, MAX_USERS_PER_COMMAND } from '@parley/domain/conversation/vocabulary';
import { createClock } from './clock.js';
import { userOfNick } from './names.js';
import { type IrcLine, parseLine, type UnreadReason } from './parse-line.js';

type Planned<M extends 'member.add' | 'member.remove' | 'member.leave' | 'message.send'> = {
  readonly method: M;
  readonly params: CallParams<M>;
};

/** A command of a line. `position` is its place in its file: the conversation remembers the last one that was done. */
export type PlannedCommand = { readonly position: number } & (
  | Planned<'member.add'>
  | Planned<'member.remove'>
  | Planned<'member.leave'>
  | Planned<'message.send'>
);

/** What a line was: each line of a file counts once. */
export type LineKind = 'message' | 'action' | 'join' | 'leave' | 'kick' | 'rename' | UnreadReason;

export type PlannedLine = {
  readonly number: number;
  readonly kind: LineKind;
  readonly commands: readonly PlannedCommand[];
  /** People who were silent longest and had to make room. */
  readonly retired: number;
};

export type Source = {
  /** The file in ids of commands and producers. */
  readonly id: string;
  /** Start of its first day, ms UTC. */
  readonly midnight: number;
  readonly lines: readonly string[];
};

/** Commands one line may make; its own last one included. */
const STEPS_PER_LINE = 8;

/** Position of the command that creates a conversation, before the first line of its first file. */
export const CREATE_POSITION = 1;

export type PlannerOptions = {
  readonly conversationId: string;
  /** The user who owns the conversation and adds and removes people. */
  readonly owner: string;
  readonly maxMembers?: number;
};

/**
 * Plans the import of files into one conversation: lines in, commands out, in order. It depends on nothing else, so
 * the same files always make the same commands with the same ids and positions; what was done before can be skipped.
 * Membership goes on from file to file.
 */
export function createPlanner({ conversationId, owner, maxMembers = MAX_MEMBERS.group }: PlannerOptions) {
  /** Everybody but the owner; the longest silent first. */
  const members = new Set<string>();

  return function* plan({ id, midnight, lines }: Source): Generator<PlannedLine, void> {
    const parsed = lines.map(parseLine);
    const timeOf = createClock(midnight, parsed.find(({ minute }) => minute !== undefined)?.minute ?? 0);
    for (const [index, line] of parsed.entries()) {
      const draft = draftOf(index + 1, id);
      const sentAt = timeOf(line.minute);
      const kind = planLine(line, draft, sentAt);
      yield { number: index + 1, kind, commands: draft.commands, retired: draft.retired };
    }
  };

  type Draft = ReturnType<typeof draftOf>;

  function draftOf(line: number, file: string) {
    const commands: PlannedCommand[] = [];
    return {
      commands,
      retired: 0,
      push<M extends PlannedCommand['method']>(
        method: M,
        params: Omit<CallParams<M>, 'conversationId' | 'commandId' | 'producer'>,
      ): void {
        const position = line * STEPS_PER_LINE + commands.length;
        const ids = { conversationId, commandId: `${file}:${position}`, producer: { id: file, position } };
        commands.push({ position, method, params: { ...ids, ...params } } as unknown as PlannedCommand);
      },
    };
  }

  function planLine(line: IrcLine, draft: Draft, sentAt: number): LineKind {
    if (line.tag === 'unread') return line.reason;
    const user = userOfNick(line.nick, owner);
    if (user === undefined) return 'nick';
    switch (line.tag) {
      case 'message':
      case 'action': {
        const body = { kind: 'text', text: line.text, ...(line.tag === 'action' ? { emote: true } : {}) };
        if (Body.decode(body)._tag === 'Left') return 'refused';
        enter(user, draft);
        draft.push('message.send', { body: body as Body, as: user, sentAt });
        break;
      }
      case 'join':
        enter(user, draft);
        break;
      case 'leave':
        if (members.delete(user)) draft.push('member.leave', { as: user });
        break;
      case 'kick':
        if (members.delete(user)) draft.push('member.remove', { users: [user] });
        break;
      case 'rename': {
        const to = userOfNick(line.to, owner);
        if (to === undefined) return 'nick';
        enter(to, draft);
        if (to !== user && members.delete(user)) draft.push('member.leave', { as: user });
        break;
      }
      default:
        return line satisfies never;
    }
    return line.tag;
  }

  /** Adds who is not there yet; whoever acts becomes the least silent. */
  function enter(user: string, draft: Draft): void {
    if (members.delete(user)) {
      members.add(user);
      return;
    }
    const withOwner = members.size + 1;
    if (withOwner >= maxMembers) {
      const silent = [...members.values().take(Math.min(MAX_USERS_PER_COMMAND, members.size))];
      for (const one of silent) members.delete(one);
      draft.push('member.remove', { users: silent });
      draft.retired += silent.length;
    }
    members.add(user);
    draft.push('member.add', { users: [user] });
  }
}
