import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Hold, type HoldInput, stepHold } from './hold-state.js';

const SELF = 'me';
const holds = {
  nothing: { tag: 'nothing' },
  core: { tag: 'held', call: 5, fence: 50 },
  edge: { tag: 'held', call: 5, fence: 50, core: 'x' },
  leaving: { tag: 'leaving', call: 5, fence: 50, node: 'x' },
  elsewhere: { tag: 'elsewhere', call: 5, fence: 50, node: 'x' },
  over: { tag: 'over', call: 5 },
} as const satisfies Record<string, Hold>;

const shown = (call: number, fence: number, core?: string): HoldInput => ({
  tag: 'shown',
  call,
  fence,
  ...(core === undefined ? {} : { core }),
});
const told = (call: number, fence: number, node: string): HoldInput => ({ tag: 'told', call, fence, node });
const given = (call: number, fence: number, node: string): HoldInput => ({ tag: 'given', call, fence, node });

const inputs = {
  'an older ticket': shown(5, 49),
  'its ticket': shown(5, 50),
  "an edge's ticket": shown(5, 50, 'x'),
  'a newer ticket': shown(5, 51),
  'a ticket of the call before': shown(4, 99),
  'a ticket of the next call': shown(6, 60),
  'that it was elsewhere': told(5, 49, 'y'),
  'that it is here': told(5, 50, SELF),
  'that it is at x': told(5, 50, 'x'),
  'that it is here anew': told(5, 51, SELF),
  'that it is elsewhere now': told(5, 51, 'y'),
  'that the next is elsewhere': told(6, 60, 'y'),
  'giving it away': given(5, 51, 'y'),
  'giving it back': given(5, 50, 'x'),
  'everybody having left': { tag: 'left' },
  'nobody being there': { tag: 'idle' },
  'its last worker': { tag: 'unable' },
  'the end of the call': { tag: 'ended', call: 5 },
  'the end of the call before': { tag: 'ended', call: 4 },
} as const satisfies Record<string, HoldInput>;

const serve = (words: string) => `${words}, serve`;
const stale = (words: string) => `${words}, stale`;
const over = (words: string) => `${words}, over`;

/** Per state: what each input comes to, in the order of `inputs`. */
const table: Record<keyof typeof holds, readonly string[]> = {
  nothing: [
    serve('core 5/49 open'),
    serve('core 5/50 open'),
    serve('edge 5/50 of x open'),
    serve('core 5/51 open'),
    serve('core 4/99 open'),
    serve('core 6/60 open'),
    stale('elsewhere 5/49 y none'),
    stale('elsewhere 5/50 me none'),
    stale('elsewhere 5/50 x none'),
    stale('elsewhere 5/51 me none'),
    stale('elsewhere 5/51 y none'),
    stale('elsewhere 6/60 y none'),
    stale('elsewhere 5/51 y none'),
    stale('elsewhere 5/50 x none'),
    stale('nothing none'),
    stale('nothing none'),
    stale('nothing none'),
    over('over 5 none'),
    over('over 4 none'),
  ],
  core: [
    stale('core 5/50 none'),
    serve('core 5/50 none'),
    stale('core 5/50 none'),
    serve('core 5/51 open'),
    over('core 5/50 none'),
    serve('core 6/60 reopen'),
    serve('core 5/50 none'),
    serve('core 5/50 none'),
    stale('elsewhere 5/50 x giveUp'),
    serve('core 5/51 open'),
    stale('elsewhere 5/51 y giveUp'),
    stale('elsewhere 6/60 y giveUp'),
    stale('leaving 5/51 y none'),
    stale('leaving 5/50 x none'),
    serve('core 5/50 none'),
    stale('nothing close'),
    stale('nothing giveUp'),
    over('over 5 close'),
    serve('core 5/50 none'),
  ],
  edge: [
    stale('edge 5/50 of x none'),
    stale('edge 5/50 of x none'),
    serve('edge 5/50 of x none'),
    serve('core 5/51 open'),
    over('edge 5/50 of x none'),
    serve('core 6/60 reopen'),
    serve('edge 5/50 of x none'),
    stale('elsewhere 5/50 me giveUp'),
    serve('edge 5/50 of x none'),
    stale('elsewhere 5/51 me giveUp'),
    stale('elsewhere 5/51 y giveUp'),
    stale('elsewhere 6/60 y giveUp'),
    stale('elsewhere 5/51 y giveUp'),
    stale('elsewhere 5/50 x giveUp'),
    serve('edge 5/50 of x none'),
    stale('nothing close'),
    stale('nothing giveUp'),
    over('over 5 close'),
    serve('edge 5/50 of x none'),
  ],
  leaving: [
    stale('leaving 5/50 x none'),
    stale('leaving 5/50 x none'),
    serve('edge 5/50 of x open'),
    serve('core 5/51 open'),
    over('leaving 5/50 x none'),
    serve('core 6/60 reopen'),
    stale('leaving 5/50 x none'),
    stale('leaving 5/50 me none'),
    stale('leaving 5/50 x none'),
    stale('leaving 5/51 me none'),
    stale('leaving 5/51 y none'),
    stale('leaving 6/60 y none'),
    stale('leaving 5/51 y none'),
    stale('leaving 5/50 x none'),
    stale('elsewhere 5/50 x close'),
    stale('leaving 5/50 x none'),
    stale('leaving 5/50 x none'),
    over('over 5 close'),
    stale('leaving 5/50 x none'),
  ],
  elsewhere: [
    stale('elsewhere 5/50 x none'),
    stale('elsewhere 5/50 x none'),
    serve('edge 5/50 of x open'),
    serve('core 5/51 open'),
    over('elsewhere 5/50 x none'),
    serve('core 6/60 open'),
    stale('elsewhere 5/50 x none'),
    stale('elsewhere 5/50 me none'),
    stale('elsewhere 5/50 x none'),
    stale('elsewhere 5/51 me none'),
    stale('elsewhere 5/51 y none'),
    stale('elsewhere 6/60 y none'),
    stale('elsewhere 5/51 y none'),
    stale('elsewhere 5/50 x none'),
    stale('elsewhere 5/50 x none'),
    stale('elsewhere 5/50 x none'),
    stale('elsewhere 5/50 x none'),
    over('over 5 none'),
    stale('elsewhere 5/50 x none'),
  ],
  over: [
    over('over 5 none'),
    over('over 5 none'),
    over('over 5 none'),
    over('over 5 none'),
    over('over 5 none'),
    serve('core 6/60 open'),
    over('over 5 none'),
    over('over 5 none'),
    over('over 5 none'),
    over('over 5 none'),
    over('over 5 none'),
    stale('elsewhere 6/60 y none'),
    over('over 5 none'),
    over('over 5 none'),
    over('over 5 none'),
    over('over 5 none'),
    over('over 5 none'),
    over('over 5 none'),
    over('over 5 none'),
  ],
};

describe("what a node knows of a conversation's call", () => {
  for (const [from, hold] of Object.entries(holds)) {
    for (const [at, [name, input]] of Object.entries(inputs).entries()) {
      const expected = table[from as keyof typeof holds][at];
      it(`${from}: ${name} comes to ${expected}`, () => {
        const { hold: next, effect, verdict } = stepHold(hold, input, SELF);
        expect(`${inWords(next)} ${effect}, ${verdict}`).toBe(expected);
      });
    }
  }

  it('never serves what is placed elsewhere, and lets fences only grow, whatever it is told in which order', () => {
    const node = fc.constantFrom(SELF, 'x', 'y');
    // History as it may be: each placement of a call has its own fence.
    const history = fc
      .array(fc.record({ node, isNext: fc.boolean(), edge: fc.boolean() }), { minLength: 1, maxLength: 8 })
      .map((steps) => {
        let call = 1;
        return steps.map((step, index) => {
          if (step.isNext) call++;
          return { call, fence: index + 1, node: step.node, edge: step.edge };
        });
      });
    const run = history.chain((placements) =>
      fc.record({
        placements: fc.constant(placements),
        heard: fc.array(
          fc.record({
            at: fc.nat({ max: placements.length - 1 }),
            how: fc.constantFrom('ticket', 'ticket', 'told', 'given', 'left', 'ended'),
          }),
          { maxLength: 25 },
        ),
      }),
    );
    fc.assert(
      fc.property(run, ({ placements, heard }) => {
        let hold: Hold = { tag: 'nothing' };
        let newest = { call: 0, fence: 0 };
        for (const { at, how } of heard) {
          const placement = placements[at] as (typeof placements)[number];
          const input = inputOf(how, placement);
          if (input === undefined) continue;
          const before = hold;
          const { hold: next, verdict } = stepHold(hold, input, SELF);
          const isOlder =
            placement.call < newest.call ||
            (placement.call === newest.call && placement.fence < newest.fence);
          if (input.tag === 'shown' && isOlder) expect(verdict).not.toBe('serve');
          if (input.tag !== 'left' && input.tag !== 'ended' && !isOlder) newest = placement;
          if (next.tag === 'held') expect([next.call, next.fence]).toEqual([newest.call, newest.fence]);
          if ('fence' in before && 'fence' in next && before.call === next.call)
            expect(next.fence).toBeGreaterThanOrEqual(before.fence);
          if (before.tag !== 'nothing' && next.tag !== 'nothing')
            expect(next.call).toBeGreaterThanOrEqual(before.call);
          hold = next;
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

type Placed = {
  readonly call: number;
  readonly fence: number;
  readonly node: string;
  readonly edge: boolean;
};

/** Tickets name this node alone: as core where that was so, else, where the placement had edges, as one of them. */
function inputOf(how: string, { call, fence, node, edge }: Placed): HoldInput | undefined {
  if (how === 'left') return { tag: 'left' };
  if (how === 'ended') return { tag: 'ended', call };
  if (how === 'told') return { tag: 'told', call, fence, node };
  if (how === 'given') return node === SELF ? undefined : { tag: 'given', call, fence, node };
  if (node === SELF) return { tag: 'shown', call, fence };
  return edge ? { tag: 'shown', call, fence, core: node } : undefined;
}

function inWords(hold: Hold): string {
  switch (hold.tag) {
    case 'nothing':
      return 'nothing';
    case 'held':
      return `${hold.core === undefined ? 'core' : 'edge'} ${hold.call}/${hold.fence}${hold.core === undefined ? '' : ` of ${hold.core}`}`;
    case 'over':
      return `over ${hold.call}`;
    default:
      return `${hold.tag} ${hold.call}/${hold.fence} ${hold.node}`;
  }
}
