import { describe, expect, it } from 'vitest';
import { emptyVoice, fillVoice, hearVoice, type VoiceSlot } from './voice-slot.js';

const packet = (sequence: number, timestamp: number, text = 'voice') => ({
  sequence,
  timestamp,
  marker: true,
  payload: Buffer.from(text),
});

/** Ticks of so many milliseconds. */
const ms = (count: number): number => count * 48;

describe('a voice of a mix', () => {
  it('is one stream, whoever speaks in it', () => {
    let slot: VoiceSlot = emptyVoice;
    const sent = [];
    for (const [from, given, now] of [
      ['ann', packet(65_535, 4_294_967_000), ms(0)],
      ['ann', packet(0, 664), ms(21)],
      ['bob', packet(77, 5), ms(40)],
      ['bob', packet(78, 965), ms(59)],
    ] as const) {
      const step = hearVoice(slot, from, given, now);
      slot = step.slot;
      sent.push(...step.packets.map(({ sequence, timestamp, marker }) => ({ sequence, timestamp, marker })));
    }
    expect(sent).toEqual([
      { sequence: 0, timestamp: 0, marker: false },
      { sequence: 1, timestamp: 960, marker: false },
      { sequence: 2, timestamp: 1_920, marker: false },
      { sequence: 3, timestamp: 2_880, marker: false },
    ]);
  });

  it('is silent where nobody speaks, without a gap', () => {
    const { slot, packets } = fillVoice(emptyVoice, ms(200));
    expect(packets.map(({ sequence, timestamp }) => [sequence, timestamp])).toEqual([
      [0, 0],
      [1, 960],
      [2, 1_920],
      [3, 2_880],
      [4, 3_840],
    ]);
    expect(fillVoice(slot, ms(200)).packets).toEqual([]);
    const spoken = hearVoice(slot, 'ann', packet(1, 1), ms(210));
    expect(spoken.packets).toMatchObject([{ sequence: 5, timestamp: ms(210) }]);
  });

  it('does not take what comes late or twice', () => {
    const { slot } = hearVoice(emptyVoice, 'ann', packet(5, 960), 0);
    expect(hearVoice(slot, 'ann', packet(5, 960), ms(1)).packets).toEqual([]);
    expect(hearVoice(slot, 'ann', packet(4, 0), ms(1)).packets).toEqual([]);
  });

  it('comes back to now when the clock of its source has gone elsewhere', () => {
    const { slot } = hearVoice(emptyVoice, 'ann', packet(1, 0), 0);
    expect(hearVoice(slot, 'ann', packet(2, ms(90_000)), ms(20)).packets).toMatchObject([
      { timestamp: ms(20) },
    ]);
  });

  it('makes up for a second at most', () => {
    expect(fillVoice(emptyVoice, ms(60_000)).packets.length).toBeLessThanOrEqual(50);
  });
});
