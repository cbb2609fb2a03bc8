import type { LiveEvent } from '@parley/domain/wire/live';
import type { ConversationDetail } from '@parley/domain/wire/views';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { unavailable } from '../refusal-error.js';
import { smallCore } from '../testing/small-core.js';
import { createRosters } from './rosters.js';

const detail = (read: number, behind?: number) =>
  ({
    conversationId: 'c',
    revision: 9,
    members: [{ user: 'ann', role: 'member', since: 1, delivered: read, read }],
    ...(behind === undefined ? {} : { behind }),
  }) as unknown as ConversationDetail;

const eventAt = (seq: number, type: LiveEvent['type'], actor: string, data: object = {}): LiveEvent => ({
  ...{ conversationId: 'c', seq, type, at: 77, actor, commandId: 'x' },
  data: data as LiveEvent['data'],
});

beforeEach(() => {
  vi.useFakeTimers();
  // As long as a pause may be.
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
const settle = () => vi.advanceTimersByTimeAsync(5);
const later = () => vi.advanceTimersByTimeAsync(3_000);

/** Somebody who looks at a conversation, after their line was cut. */
function back(answer: () => unknown) {
  const far = smallCore(answer);
  const { roster, close } = createRosters(far.core).open('c');
  far.become('waiting');
  far.become('open');
  return { ...far, roster, close, read: () => roster.store.snapshot().watermarks.get('ann')?.read };
}

describe('how far members have come', () => {
  it('is asked again where the rows were behind, or could not be asked', async () => {
    const answers = [detail(0, 1), detail(70, 2), detail(71)];
    const { read, asked } = back(() => answers.shift() ?? detail(0));
    await later();
    await later();
    expect(read()).toBe(71);
    expect(asked).toHaveLength(3);
  });

  it('is asked again where nobody answered, and not once nobody looks any more', async () => {
    const { read, asked, close } = back(() => {
      if (asked.length < 2) throw unavailable('not now');
      return detail(71, 1);
    });
    await vi.advanceTimersByTimeAsync(1_500);
    expect(read()).toBe(71);
    close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(2);
  });

  it('is asked once more where the line was cut and is back while an answer is waited for, unless nobody looks by then', async () => {
    const open: ((value: unknown) => void)[] = [];
    const { read, asked, become, close } = back(() => new Promise((resolve) => open.push(resolve)));
    become('waiting');
    become('open');
    become('open');
    open[0]?.(detail(70));
    await settle();
    expect(asked).toHaveLength(2);
    become('open');
    close();
    open[1]?.(detail(71, 1));
    await later();
    expect(read()).toBe(71);
    expect(asked).toHaveLength(2);
  });

  it('is up to there where they send, as the server counts it', async () => {
    const { read, tell } = back(() => detail(5));
    await settle();
    tell('event', eventAt(10, 'message.sent', 'ann'));
    expect(read()).toBe(10);
  });

  it('is asked again where I was out and am let in, because nobody told me meanwhile', async () => {
    const answers = [detail(5), { ...detail(9), revision: 10 }];
    const { read, tell, asked } = back(() => answers.shift());
    await settle();
    tell('event', eventAt(10, 'member.added', 'bob', { members: [{ user: 'ann', role: 'member' }] }));
    await settle();
    expect(asked).toHaveLength(2);
    expect(read()).toBe(9);
  });
});

describe('a conversation that is asked for', () => {
  it('is asked for once more where an event came before an answer that does not have it', async () => {
    const open: ((value: unknown) => void)[] = [];
    const { asked, tell, roster } = back(() => new Promise((resolve) => open.push(resolve)));
    tell('event', eventAt(10, 'conversation.closed', 'ann'));
    open[0]?.(detail(5));
    await settle();
    expect(asked).toHaveLength(2);
    open[1]?.({ ...detail(5), revision: 10, closed: true });
    await settle();
    expect(roster.store.snapshot().detail).toMatchObject({ revision: 10, closed: true });
    expect(asked).toHaveLength(2);
  });
});
