import { describe, expect, it } from 'vitest';
import { speakersToTell } from './speakers.js';

const said = (participant: number, level: number) => ({ participant, level });

describe('who speaks', () => {
  it.each([
    ['nobody, still', [], [], undefined],
    ['somebody begins', [], [said(1, -30.4)], [said(1, -30)]],
    ['as loud as before', [said(1, -30)], [said(1, -34)], undefined],
    ['much louder', [said(1, -30)], [said(1, -24)], [said(1, -24)]],
    ['another one instead', [said(1, -30)], [said(2, -30)], [said(2, -30)]],
    ['silence', [said(1, -30)], [], []],
    ['loudest first', [], [said(1, -40), said(2, -20)], [said(2, -20), said(1, -40)]],
    ['one by the louder of two tracks', [], [said(1, -40), said(1, -20)], [said(1, -20)]],
    ['levels there are', [], [said(1, -200), said(2, 3)], [said(2, 0), said(1, -127)]],
  ])('is told: %s', (_, told, heard, news) => {
    expect(speakersToTell(told, heard)).toEqual(news);
  });
});
