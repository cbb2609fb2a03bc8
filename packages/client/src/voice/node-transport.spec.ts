import type { Transport } from 'mediasoup-client/types';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RefusalError, unavailable } from '../refusal-error.js';
import type { AskNode } from './node-line.js';
import { keepTransport } from './node-transport.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a transport without packets', () => {
  it('is not given up because nobody can be asked for another path just now, but in time', async () => {
    const lost = fail(unavailable('not connected'));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(lost).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(lost).toHaveLength(1);
  });

  it('is given up where the node refuses another path', async () => {
    const lost = fail(new RefusalError('MediaNotFound'));
    await vi.advanceTimersByTimeAsync(0);
    expect(lost).toHaveLength(1);
  });
});

/** One that fails, and whose node refuses another path; what it is given up for. */
function fail(refusal: RefusalError): readonly unknown[] {
  const lost: unknown[] = [];
  const listeners = new Map<string, (state: string) => void>();
  const transport = {
    id: 't',
    closed: false,
    connectionState: 'failed',
    on: (name: string, listener: (state: string) => void) => listeners.set(name, listener),
  };
  const ask = () => Promise.reject(refusal);
  keepTransport(transport as unknown as Transport, {
    ask: ask as unknown as AskNode,
    onChange: () => undefined,
    onLost: (error) => lost.push(error),
  });
  listeners.get('connectionstatechange')?.('failed');
  return lost;
}
