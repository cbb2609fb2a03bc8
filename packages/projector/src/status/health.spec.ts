import { describe, expect, it } from 'vitest';
import { complaintsAbout } from './health.js';
import type { ShareStatus, Status, VersionStatus } from './read-status.js';

const well: ShareStatus = {
  projection: 'timeline',
  partition: 0,
  owner: 'projector-1-abc',
  checkpoint: 10,
  head: 10,
  lagEvents: 0,
  lagSeconds: 0,
  rate: 0,
  events: 10,
  digest: 'd',
  parked: 0,
  letters: 0,
  gaps: 0,
};

const version = (
  shares: readonly Partial<ShareStatus>[],
  more: Partial<VersionStatus> = {},
): VersionStatus => ({
  version: 1,
  model: 2,
  state: 'following',
  role: 'served',
  madeAt: new Date(0),
  verified: undefined,
  promotedAt: undefined,
  shares: shares.map((share, partition) => ({ ...well, partition, ...share })),
  ...more,
});

const complaints = (versions: readonly VersionStatus[], alone = false) => {
  const status: Status = { at: 0, versions };
  return complaintsAbout(status, { lagSeconds: 10 }, alone);
};

describe('the health of the read model', () => {
  it('is good where everything is owned and nothing waits', () => {
    expect(complaints([version([{}, { lagEvents: 7, lagSeconds: 9.9 }])])).toEqual([]);
  });

  it.each([
    ['nobody works on it (timeline 1)', { owner: undefined }, 'projector-behind'],
    ['a message has waited for 11 s (timeline 1)', { lagSeconds: 11, lagEvents: 1 }, 'projector-behind'],
    [
      'the log ends before the rows: it was replaced, or lost its end (timeline 1)',
      { head: 9 },
      'log-damaged',
    ],
    [
      'conversations stand still behind an event that could not be taken (timeline 1)',
      { parked: 2 },
      'parked-event',
    ],
    [
      'messages of the log are missing, and no erasure accounts for them (timeline 1)',
      { gaps: 3 },
      'log-damaged',
    ],
  ])('is not, because %s', (what, trouble, runbook) => {
    expect(complaints([version([{}, trouble])])).toEqual([
      { what: `version 1: ${what}`, runbook: `docs/runbooks/${runbook}.md` },
    ]);
  });

  it('names partitions that follow one another together, by projection', () => {
    const nobody = { owner: undefined };
    const receipts = { ...nobody, projection: 'receipts', partition: 3 } as const;
    const [complaint] = complaints([version([nobody, nobody, {}, nobody, nobody, receipts])]);
    expect(complaint?.what).toContain('(timeline 0-1, 3-4; receipts 3)');
  });

  it('is that of the served version, unless another is asked for alone', () => {
    const beside = version([{ owner: undefined }], { version: 2, role: 'beside' });
    expect(complaints([version([{}]), beside])).toEqual([]);
    expect(complaints([beside], true)).toHaveLength(1);
    expect(complaints([beside])).toMatchObject([{ what: 'no version of the read model is served' }]);
  });
});
