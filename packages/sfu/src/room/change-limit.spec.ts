import { describe, expect, it } from 'vitest';
import { openChangeLimit } from './change-limit.js';

describe('what one user changes for everybody', () => {
  it('is bounded in ten seconds, over all their devices, and for nobody else', () => {
    const limit = openChangeLimit(18);
    expect(limit.take('ann', 'voice.attach', 1_000)).toBeUndefined();
    expect(limit.take('ann', 'voice.receive', 1_000)).toBeUndefined();
    expect(limit.take('ann', 'voice.produce', 2_000)).toBeUndefined();
    expect(limit.take('ann', 'voice.receive', 3_000)).toBe(8_000);
    expect(limit.take('ann', 'voice.setProducer', 3_000)).toBeUndefined();
    expect(limit.take('ann', 'voice.setProducer', 3_000)).toBe(8_000);
    expect(limit.take('bob', 'voice.setProducer', 3_000)).toBeUndefined();
    expect(limit.take('ann', 'voice.receive', 11_000)).toBeUndefined();
  });

  it('is not what concerns nobody else', () => {
    const limit = openChangeLimit(1);
    expect(limit.take('ann', 'voice.setProducer', 0)).toBeUndefined();
    for (const method of ['voice.setConsumer', 'voice.openTransport', 'voice.restartIce'] as const)
      expect(limit.take('ann', method, 0)).toBeUndefined();
  });
});
