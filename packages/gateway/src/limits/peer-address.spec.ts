import { describe, expect, it } from 'vitest';
import { peerNaming } from './peer-address.js';

describe('the name of a peer', () => {
  const name = peerNaming(['10.0.0.0/8', '127.0.0.1', 'fd00::/8']);

  it('is its address where no proxy is trusted', () => {
    expect(peerNaming([])('10.1.2.3', '1.2.3.4')).toBe('10.1.2.3');
  });

  it('is what a trusted proxy says', () => {
    expect(name('10.1.2.3', '1.2.3.4')).toBe('1.2.3.4');
  });

  it('is the last address that is no trusted proxy, because what comes before may be made up', () => {
    expect(name('10.1.2.3', '6.6.6.6, 1.2.3.4, 10.9.9.9, 127.0.0.1')).toBe('1.2.3.4');
  });

  it('is none for a trusted proxy that names nobody', () => {
    expect(name('10.1.2.3', '')).toBeUndefined();
    expect(name('127.0.0.1', 'unknown')).toBeUndefined();
    expect(name('10.1.2.3', '10.4.4.4')).toBeUndefined();
  });

  it('is not what a stranger says', () => {
    expect(name('8.8.8.8', '1.2.3.4')).toBe('8.8.8.8');
  });

  it('is the network of 64 bits of an IPv6 address, however it is written', () => {
    const long = '2001:0db8:0000:0001:0000:0000:0000:0002';
    expect([name(long, ''), name('2001:db8:0:1::7', '')]).toEqual(['2001:db8:0:1::/64', '2001:db8:0:1::/64']);
  });

  it('is the IPv4 address that an IPv6 socket shows', () => {
    expect(name('0000:0000:0000:0000:0000:ffff:0808:0808', '')).toBe('8.8.8.8');
    expect(name('::ffff:8.8.8.8', '')).toBe('8.8.8.8');
    expect(name('::ffff:10.1.2.3', '1.2.3.4')).toBe('1.2.3.4');
  });
});
