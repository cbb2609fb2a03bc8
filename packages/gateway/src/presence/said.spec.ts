import { describe, expect, it } from 'vitest';
import { gather, type Said } from './said.js';

const devices = (said: Record<string, Said>) =>
  Object.entries(said).map(([device, each]) => ({ device, said: each }));

describe('what the devices of a person say', () => {
  it('is the most present of them', () => {
    expect(gather(devices({ phone: 'away', laptop: 'online' })).shown).toBe('online');
    expect(gather(devices({ phone: 'away', laptop: 'invisible' })).shown).toBe('away');
    expect(gather(devices({ phone: 'invisible' })).shown).toBeUndefined();
    expect(gather([]).shown).toBeUndefined();
  });

  it('leaves to what is remembered who has said nothing yet', () => {
    expect(gather(devices({ phone: undefined, laptop: 'away' }))).toEqual({
      shown: 'away',
      silent: ['phone'],
      hide: [],
      show: ['laptop'],
    });
  });

  it('hides a device that is invisible in one connection and silent or online in another', () => {
    const twice = [
      { device: 'phone', said: 'invisible' as const },
      { device: 'phone', said: 'online' as const },
      { device: 'phone', said: undefined },
    ];
    expect(gather(twice)).toEqual({ shown: undefined, silent: [], hide: ['phone'], show: [] });
  });
});
