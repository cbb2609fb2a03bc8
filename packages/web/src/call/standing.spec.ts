import { describe, expect, it } from 'vitest';
import { standingOf } from './standing.js';

describe('what I may do in a call', () => {
  it('is to speak, but in a channel for who does not lead it', () => {
    expect(standingOf({ kind: 'group', role: 'member' }).speaks).toBe(true);
    expect(standingOf({ kind: 'direct', role: 'member' }).speaks).toBe(true);
    expect(standingOf({ kind: 'channel', role: 'admin' }).speaks).toBe(true);
    expect(standingOf({ kind: 'channel', role: 'member' }).speaks).toBe(false);
  });

  it('is to lead as owner and admin', () => {
    const leads = (['owner', 'admin', 'member'] as const).map(
      (role) => standingOf({ kind: 'group', role }).leads,
    );
    expect(leads).toEqual([true, true, false]);
  });

  it('is what a member may, where the conversation is not listed', () => {
    expect(standingOf(undefined)).toEqual({ isDirect: false, leads: false, speaks: true });
  });
});
