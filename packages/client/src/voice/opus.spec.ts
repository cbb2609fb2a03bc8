import { describe, expect, it } from 'vitest';
import { withOpusFor } from './opus.js';

const lines = (...all: readonly string[]): string => all.map((line) => `${line}\r\n`).join('');

describe('a description', () => {
  it('asks for voices with error correction, without silence, in mono', () => {
    const sdp = lines(
      'm=audio 9 UDP/TLS/RTP/SAVPF 111 63',
      'a=rtpmap:111 opus/48000/2',
      'a=fmtp:111 minptime=10;useinbandfec=0',
      'a=rtpmap:63 red/48000/2',
      'a=fmtp:63 111/111',
    );
    expect(withOpusFor(sdp)).toBe(
      lines(
        'm=audio 9 UDP/TLS/RTP/SAVPF 111 63',
        'a=rtpmap:111 opus/48000/2',
        'a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;stereo=0;sprop-stereo=0',
        'a=rtpmap:63 red/48000/2',
        'a=fmtp:63 111/111',
      ),
    );
  });

  it('stays as it is without voices', () => {
    const sdp = lines('m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=rtpmap:96 VP8/90000');
    expect(withOpusFor(sdp)).toBe(sdp);
  });
});
