import { expect, it } from 'vitest';
import { readLife } from './life.js';

it('reads a life in whole seconds, and nothing else', () => {
  expect(['5', '3600', '31536000'].map(readLife)).toEqual([5, 3_600, 31_536_000]);
  for (const text of ['', '0', '4', '-5', '31536001', '1h', '5.5', '1e3', '0x10', ' 60', 'NaN', 'off'])
    expect(readLife(text)).toBeUndefined();
});
