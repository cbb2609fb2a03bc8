/** Whether a payload of RTP begins a key frame of VP8 (RFC 7741, 4.2 and 4.3). */
export function beginsKeyFrame(payload: Buffer): boolean {
  const first = payload[0];
  if (first === undefined) return false;
  const isStart = (first & 0x10) !== 0 && (first & 0x07) === 0;
  if (!isStart) return false;
  let at = 1;
  if ((first & 0x80) !== 0) {
    const extended = payload[at++] ?? 0;
    if ((extended & 0x80) !== 0) at += ((payload[at] ?? 0) & 0x80) !== 0 ? 2 : 1;
    if ((extended & 0x40) !== 0) at++;
    if ((extended & 0x30) !== 0) at++;
  }
  const frame = payload[at];
  return frame !== undefined && (frame & 0x01) === 0;
}

/** A key frame of 16 by 16 black pixels, as a payload: what a stream shows while there is nothing to see. */
export const BLACK = Buffer.concat([
  Buffer.from([0x10]),
  Buffer.from('EAIAnQEqEAAQAABHCIWFiJmEiAICAAwNYAD+/6tQgA==', 'base64'),
]);
