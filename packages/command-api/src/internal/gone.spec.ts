import { initial } from '@parley/domain/conversation/state';
import type { Envelope } from '@parley/domain/log/envelope';
import { anyEvent } from '@parley/domain/testing/arbitraries';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { goneAmong, messageOf } from './gone.js';

it('are the messages of a page that its own events take away, whatever they are', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 40, size: 'max' }), (makers) => {
      const events: readonly Envelope[] = makers.map((make, index) => make(index + 1));
      const isGone = (seq: number) =>
        events.some(({ type, data }) => {
          if (type === 'message.expired') return data.ranges.some(([from, to]) => from <= seq && seq <= to);
          return (type === 'message.deleted' || type === 'message.erased') && data.seq === seq;
        });
      const told = new Set(events.flatMap((event) => messageOf(event) ?? []));
      expect(goneAmong(initial, events)).toEqual(new Set([...told].filter(isGone)));
    }),
  );
});
