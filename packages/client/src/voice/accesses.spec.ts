import { beforeEach, describe, expect, it } from 'vitest';
import { type Accesses, createAccesses } from './accesses.js';

const SECOND = 1_000;

/** What the gateway answers, and how often it was asked. */
let answer: { readonly node: string; readonly fence: number };
let asked: number;
let now: number;
let moved: number;
let accesses: Accesses;

beforeEach(() => {
  answer = { node: 'a', fence: 1 };
  asked = moved = 0;
  now = 0;
  accesses = createAccesses({
    ask: (async () => ({
      topology: 'sfu',
      iceServers: [],
      revision: 5,
      ...answer,
      ticket: `${answer.node} ${++asked}`,
      expiresAt: now + 60 * SECOND,
    })) as never,
    conversationId: 'c',
    call: 5,
    me: () => 7,
    now: () => now,
    onMoved: () => moved++,
  });
});

describe('the ticket of a way', () => {
  it('is the one that was given until it is nearly over', async () => {
    const { way } = await accesses.enter(7);
    now = 50 * SECOND;
    expect(await accesses.ticket(way, false)).toBe('a 1');
    now = 58 * SECOND;
    expect(await accesses.ticket(way, false)).toBe('a 2');
  });

  it('is asked for once for all who want it', async () => {
    const { way } = await accesses.enter(7);
    expect(await Promise.all([accesses.ticket(way, true), accesses.ticket(way, true)])).toEqual([
      'a 2',
      'a 2',
    ]);
    expect(await accesses.ticket(way, true)).toBe('a 3');
  });

  it('is of that way alone: where media goes another one by now there is none', async () => {
    const { way: old } = await accesses.enter(7);
    answer = { node: 'b', fence: 2 };
    const { way } = await accesses.enter(7);
    const both = await Promise.allSettled([accesses.ticket(old, true), accesses.ticket(way, true)]);
    expect(both).toMatchObject([
      { status: 'rejected', reason: { tag: 'PlacementStale' } },
      { status: 'fulfilled', value: 'b 4' },
    ]);
    expect(moved).toBe(1);
  });
});
