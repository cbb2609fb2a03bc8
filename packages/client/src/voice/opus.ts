/** Longest interval between packets while somebody is silent is Chrome's own, 400 ms: DTX sends comfort noise that often. */
const WANTED = { useinbandfec: '1', usedtx: '1', stereo: '0', 'sprop-stereo': '0' } as const;

/**
 * A description that asks its reader to send Opus with forward error correction (RFC 6716, 2.1.7) and discontinuous transmission, in mono: parameters of a format say what
 * the describer likes to receive (RFC 7587, 6.1), so it is done to what the other side said.
 */
export function withOpusFor(sdp: string): string {
  const payload = /^a=rtpmap:(\d+) opus\/48000/im.exec(sdp)?.[1];
  if (payload === undefined) return sdp;
  return sdp.replace(new RegExp(`^a=fmtp:${payload} (.*)$`, 'gim'), (_, said: string) => {
    const parameters = new Map(
      said
        .trim()
        .split(';')
        .map((each) => each.trim().split('=') as [string, string | undefined]),
    );
    for (const [name, value] of Object.entries(WANTED)) parameters.set(name, value);
    return `a=fmtp:${payload} ${[...parameters].map(([name, value]) => (value === undefined ? name : `${name}=${value}`)).join(';')}`;
  });
}
