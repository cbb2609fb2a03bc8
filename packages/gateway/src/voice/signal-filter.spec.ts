import { refuse } from '@parley/domain/conversation/refusals';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { type CandidatePolicy, filterSignal, MAX_SDP_LINE, MAX_SDP_LINES } from './signal-filter.js';

const offer = (...lines: readonly string[]) =>
  ({ type: 'offer', sdp: ['v=0', ...lines, ''].join('\r\n') }) as const;
const candidate = (text: string) => ({ type: 'candidate', candidate: text, sdpMid: '0' }) as const;
const isRefused = (signal: Parameters<typeof filterSignal>[0], policy: CandidatePolicy = 'all') => {
  const filtered = filterSignal(signal, policy);
  return E.isLeft(filtered) && filtered.left.tag === 'SignalRefused';
};

const HOST = 'candidate:1 1 udp 2122260223 192.168.1.7 51000 typ host generation 0';
const OURS = 'candidate:2 1 udp 1686052607 8.8.8.8 51000 typ srflx raddr 192.168.1.7 rport 51000';
const HIDDEN = 'candidate:3 1 udp 1 8c7b0a4e-1d4c-4f9b-9a3e-2b1c0d9e8f7a.local 51000 typ host';
const TCP = 'candidate:4 1 tcp 1518280447 8.8.4.4 9 typ host tcptype active';

describe('a description', () => {
  const browsers = offer('o=- 1 2 IN IP4 127.0.0.1', 's=-', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', `a=${HOST}`);

  it('passes as a browser makes it', () => {
    expect(filterSignal(browsers, 'all')).toEqual(E.right(browsers));
  });

  it('is refused where it is none, too long, or has control characters', () => {
    expect(isRefused({ type: 'answer', sdp: 'hello' })).toBe(true);
    expect(isRefused(offer('no line'))).toBe(true);
    expect(isRefused(offer(`a=${'x'.repeat(MAX_SDP_LINE)}`))).toBe(true);
    expect(isRefused(offer(...Array<string>(MAX_SDP_LINES).fill('a=x')))).toBe(true);
    expect(isRefused(offer('s=\u001b[2Jgone'))).toBe(true);
    expect(isRefused(offer('s=a\rb'))).toBe(true);
    expect(isRefused(offer(...Array<string>(33).fill('m=video 9 X 0')))).toBe(true);
    expect(isRefused(offer(...Array<string>(32).fill('m=video 9 X 0')))).toBe(false);
    expect(isRefused(offer('a=candidate:nonsense'))).toBe(true);
  });

  it('loses private addresses where those are to stay private', () => {
    const told = offer(
      'o=- 1 2 IN IP4 192.168.1.7',
      'c=IN IP4 192.168.1.7',
      'a=rtcp:9 IN IP4 10.0.0.1',
      'c=IN IP4 8.8.8.8',
      `a=${HOST}`,
      `a=${OURS}`,
      `a=${HIDDEN}`,
      'a=remote-candidates:1 10.0.0.2 5000',
      'a=mid:0',
    );
    expect(filterSignal(told, 'public')).toEqual(
      E.right(
        offer(
          'o=- 1 2 IN IP4 0.0.0.0',
          'c=IN IP4 0.0.0.0',
          'a=rtcp:9 IN IP4 0.0.0.0',
          'c=IN IP4 8.8.8.8',
          'a=candidate:2 1 udp 1686052607 8.8.8.8 51000 typ srflx raddr 0.0.0.0 rport 0',
          `a=${HIDDEN}`,
          'a=mid:0',
        ),
      ),
    );
  });
});

describe('a candidate', () => {
  it('passes as a browser makes it, and so does the end of candidates', () => {
    for (const text of [HOST, OURS, HIDDEN, TCP, ''])
      expect(filterSignal(candidate(text), 'all')).toEqual(E.right(candidate(text)));
  });

  it('of a private address is left out where that is to stay private', () => {
    expect(filterSignal(candidate(HOST), 'public')).toEqual(E.right(undefined));
    expect(filterSignal(candidate(HIDDEN), 'public')).toEqual(E.right(candidate(HIDDEN)));
    expect(filterSignal(candidate(TCP), 'public')).toEqual(E.right(candidate(TCP)));
  });

  it('is refused where it is none', () => {
    expect(filterSignal(candidate('candidate:'), 'all')).toEqual(
      E.left(refuse('SignalRefused', 'that is no candidate')),
    );
    expect(isRefused(candidate(`${HOST}\r\na=candidate:x`))).toBe(true);
    expect(isRefused({ ...candidate(HOST), sdpMid: '0\n' })).toBe(true);
    expect(isRefused(candidate('candidate:1 1 udp 1 8.8.8.8 5000 typ other'))).toBe(true);
  });
});

it('lets pass what has no address', () => {
  const shown = { type: 'shown', source: 'camera', size: null } as const;
  for (const signal of [{ type: 'bye' }, { type: 'needed', needed: false }, shown] as const)
    expect(filterSignal(signal, 'public')).toEqual(E.right(signal));
});
