import type { LiveEvent } from '@parley/domain/wire/live';
import { describe, expect, it } from 'vitest';
import { createCertainty } from './certainty.js';
import type { QueuedCommand } from './command.js';

const command = (at: number, revision?: number): QueuedCommand => ({
  commandId: 'one',
  lane: 'c',
  method: 'message.send',
  params: {},
  at,
  isKept: true,
  ...(revision === undefined ? {} : { revision }),
});

const event = (seq: number, commandId = 'other', actor = 'ann'): LiveEvent => ({
  conversationId: 'c',
  seq,
  type: 'message.sent',
  at: seq * 10,
  actor,
  commandId,
  data: {},
});

/** An hour after the command was given, when the log has come to `head`. */
function later(head: number) {
  let delivered = 0;
  const resumed: [string, number][] = [];
  const certainty = createCertainty({
    user: () => 'ann',
    headOf: async () => head,
    deliveredTo: () => delivered,
    resumeFrom: (...from) => void resumed.push(from),
    now: () => 3_600_000,
  });
  return {
    certainty,
    resumed,
    hear(heard: LiveEvent) {
      delivered = heard.seq;
      certainty.onEvent(heard);
    },
  };
}

describe('a command that was perhaps done', () => {
  it('may be sent again while the server knows its id', async () => {
    const { certainty, resumed } = later(1_000);
    const young = command(3_590_000, 1);
    certainty.watch(young);
    expect(await certainty.look(young)).toBeUndefined();
    const near = later(150);
    near.certainty.watch(command(0, 10));
    expect(await near.certainty.look(command(0, 10))).toBeUndefined();
    expect(resumed).toEqual([]);
  });

  it('is answered by its own event, read from where it was given', async () => {
    const { certainty, resumed, hear } = later(1_000);
    certainty.watch(command(0, 10));
    expect(resumed).toEqual([['c', 10]]);
    const answer = certainty.look(command(0, 10));
    hear(event(11, 'one', 'bob'));
    hear(event(12, 'one'));
    expect(await answer).toEqual({ conversationId: 'c', seq: 12, at: 120 });
  });

  it('may be sent when the log up to its newest event does not have it', async () => {
    const { certainty, hear } = later(1_000);
    certainty.watch(command(0, 10));
    const answer = certainty.look(command(0, 10));
    hear(event(500));
    hear(event(1_000));
    expect(await answer).toBeUndefined();
  });

  it('is looked for where the clock was set back since it was given', async () => {
    const { certainty, hear } = later(1_000);
    const ahead = command(7_200_000, 10);
    certainty.watch(ahead);
    const answer = certainty.look(ahead);
    hear(event(12, 'one'));
    expect(await answer).toEqual({ conversationId: 'c', seq: 12, at: 120 });
  });

  it('is given back to who gave it where the log between cannot be read', async () => {
    const { certainty } = later(1_000);
    certainty.watch(command(0, 10));
    const answer = certainty.look(command(0, 10));
    const refused = expect(answer).rejects.toMatchObject({ tag: 'Unavailable', retryable: false });
    await Promise.resolve();
    certainty.onLost('c');
    await refused;
    await expect(later(1_000).certainty.look(command(0))).rejects.toMatchObject({ retryable: false });
  });
});
