import type { ParticipantState } from '@parley/domain/wire/voice';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { RefusalError } from '../refusal-error.js';
import { createOwnState, type OwnState } from './own-state.js';

let told: ParticipantState[];
let isMuted: boolean;
let refusal: RefusalError | undefined;
let own: OwnState;

const begin = (pushToTalk = false): OwnState =>
  createOwnState({
    mic: true,
    pushToTalk,
    isMuted: () => isMuted,
    tell(state) {
      told.push(state);
      return refusal === undefined ? Promise.resolve() : Promise.reject(refusal);
    },
  });

const settled = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  told = [];
  isMuted = false;
  refusal = undefined;
  own = begin();
});

describe('what of mine is on', () => {
  it('is heard unless it is off, or a moderator has muted me', () => {
    expect(own.isHeard()).toBe(true);
    isMuted = true;
    expect(own.now()).toEqual({ mic: false, camera: false, screen: false, deafened: false });
    isMuted = false;
    own.change({ mic: false });
    expect(own.isHeard()).toBe(false);
  });

  it('is heard while I hold the button, where I wish it so', () => {
    own = begin(true);
    expect(own.isHeard()).toBe(false);
    own.change({ talks: true });
    expect(own.isHeard()).toBe(true);
    own.change({ mic: false });
    expect(own.isHeard()).toBe(false);
  });

  it('is told when it has changed, or I am another participant, or somebody new has not heard it', async () => {
    own.tell(5);
    await settled();
    own.tell(5);
    expect(told).toHaveLength(1);
    own.tell(5, true);
    own.tell(7);
    await settled();
    own.change({ camera: true });
    own.tell(7);
    expect(told.map(({ camera }) => camera)).toEqual([false, false, false, true]);
  });

  it('is told again by itself where telling it failed', async () => {
    refusal = new RefusalError('Unavailable', 'cut', { retryAfterMs: 1 });
    own.tell(5);
    await settled();
    expect(told).toHaveLength(1);
    refusal = undefined;
    await vi.waitFor(() => expect(told).toHaveLength(2));
    own.tell(5);
    await settled();
    expect(told).toHaveLength(2);
  });

  it('is told at the next occasion where it was refused for good', async () => {
    refusal = new RefusalError('NotInCall');
    own.tell(5);
    await settled();
    refusal = undefined;
    own.tell(5);
    await settled();
    expect(told).toHaveLength(2);
  });
});
