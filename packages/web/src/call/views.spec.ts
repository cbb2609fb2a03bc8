import type { CallTile } from '@parley/client/voice/call-types';
import { describe, expect, it } from 'vitest';
import { mostTelling, nameOf, stagedOf, viewsOf } from './views.js';

const tile = (participant: number, user: string, more: Partial<CallTile> = {}): CallTile => ({
  participant,
  user,
  device: `${user}-1`,
  isMe: user === 'ann',
  mic: true,
  camera: false,
  screen: false,
  deafened: false,
  muted: false,
  speaking: false,
  quality: 'good',
  tracks: {},
  ...more,
});

describe('what is shown of a call', () => {
  it('is everybody, me last, and screens before whose they are', () => {
    const views = viewsOf([
      tile(1, 'ann', { screen: true }),
      tile(2, 'bob'),
      tile(3, 'cy', { screen: true }),
    ]);
    expect(views.map(({ key }) => key)).toEqual(['2 camera', '3 screen', '3 camera', '1 screen', '1 camera']);
  });

  it('gives the stage to a screen of somebody else, and to what was pinned before it', () => {
    const views = viewsOf([tile(1, 'ann'), tile(2, 'bob'), tile(3, 'cy', { screen: true })]);
    expect(stagedOf(views, undefined).focus?.key).toBe('3 screen');
    expect(stagedOf(views, '2 camera').focus?.key).toBe('2 camera');
    expect(stagedOf(views, '9 camera').focus?.key).toBe('3 screen');
    expect(stagedOf(views, '2 camera').others.map(({ key }) => key)).toEqual([
      '3 screen',
      '3 camera',
      '1 camera',
    ]);
  });

  it('leaves the stage to nobody while only I share mine', () => {
    expect(stagedOf(viewsOf([tile(1, 'ann', { screen: true }), tile(2, 'bob')]), undefined).focus).toBe(
      undefined,
    );
  });

  it('is a screen, else who speaks, where there is room for one', () => {
    const [bob, cy] = [tile(2, 'bob', { camera: true }), tile(3, 'cy', { camera: true, speaking: true })];
    expect(mostTelling([tile(1, 'ann', { camera: true })])).toBe(undefined);
    expect(mostTelling([bob, cy])?.key).toBe('3 camera');
    expect(mostTelling([{ ...bob, screen: true }, cy])?.key).toBe('2 screen');
  });

  it('tells two devices of mine apart', () => {
    const here = tile(1, 'ann');
    const there = tile(2, 'ann', { device: 'ann-2', isMe: false });
    expect(nameOf(here, [here], 'ann')).toBe('You');
    expect([here, there].map((each) => nameOf(each, [here, there], 'ann'))).toEqual([
      'You · this device',
      'You · other device',
    ]);
    expect(nameOf(tile(3, 'bob'), [], 'ann')).toBe('bob');
  });
});
