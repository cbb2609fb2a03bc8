import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RefusalError } from '../refusal-error.js';
import { createSender } from './sender.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('goes again after a refusal that passes, also when the clock was set back an hour meanwhile', async () => {
  const sent: string[] = [];
  const done: string[] = [];
  const sender = createSender<string>({
    maxInFlight: 8,
    maxEntries: 8,
    isOpen: () => true,
    async request(command) {
      sent.push(command);
      if (sent.length === 1) throw new RefusalError('Unavailable');
    },
    onSent: () => undefined,
    onRested: () => undefined,
    onDone: (command) => void done.push(command),
    onRefused: () => undefined,
  });
  sender.add('c', 'one');
  sender.pump();
  await vi.advanceTimersByTimeAsync(1);
  vi.setSystemTime(Date.now() - 3_600_000);
  sender.add('d', 'other');
  sender.pump();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sent).toEqual(['one', 'other', 'one']);
  expect(done).toEqual(['other', 'one']);
});
