import { expect, it } from 'vitest';
import { costOf } from './request-limits.js';

const points = (method: string, params: unknown = {}) => costOf(method, params).points;

it('counts what a call needs as signals', () => {
  expect(costOf('voice.report', {}).kind).toBe('signals');
});

it('takes more for what makes something at a node, and most for what everybody in a call is told', () => {
  expect(points('voice.report')).toBe(1);
  expect(points('voice.produce')).toBe(5);
  expect(points('voice.state')).toBe(10);
});

it('takes a point for every 4 KiB that are sent on, and looks at nothing else', () => {
  const offer = (sdp: unknown) => ({ signal: { type: 'offer', sdp } });
  expect(points('voice.signal', offer('x'))).toBe(1);
  expect(points('voice.signal', offer('x'.repeat(40_960)))).toBe(10);
  for (const params of [null, undefined, {}, { signal: null }, offer(1), offer('')])
    expect(points('voice.signal', params)).toBe(1);
});
