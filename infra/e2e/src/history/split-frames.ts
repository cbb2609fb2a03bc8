/**
 * Cuts one direction of a WebSocket connection into the HTTP head of its handshake and whole frames (RFC 6455, section 5.2), as
 * bytes come in pieces. What is not complete waits.
 */
export function createFrameSplitter(): (chunk: Buffer) => readonly Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  let isPastHead = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const whole: Buffer[] = [];
    for (;;) {
      const size = isPastHead ? frameSize(rest) : headSize(rest);
      if (size === undefined || rest.length < size) return whole;
      isPastHead = true;
      whole.push(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
  };
}

function headSize(bytes: Buffer): number | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  return end < 0 ? undefined : end + 4;
}

/** Bytes of the frame that begins here, as far as its header is there. */
function frameSize(bytes: Buffer): number | undefined {
  if (bytes.length < 2) return undefined;
  const second = bytes.readUInt8(1);
  const mask = second & 0x80 ? 4 : 0;
  const length = second & 0x7f;
  if (length < 126) return 2 + mask + length;
  const wide = length === 126 ? 2 : 8;
  if (bytes.length < 2 + wide) return undefined;
  return 2 + wide + mask + (wide === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2)));
}

/** Whether these bytes are a whole text message, which may be said twice; control frames and fragments may not. */
export const isTextFrame = (bytes: Buffer): boolean => bytes.readUInt8(0) === 0x81;
