/**
 * Why a socket is closed (RFC 6455 leaves 4000 to 4999 to applications) and what the client does next: `resume` at once
 * with jittered backoff, `renew` its token first, or `stop`.
 */
export const closeCodes = {
  GoingAway: { code: 1001, next: 'resume', sentence: 'The gateway is stopping; come back and resume.' },
  ProtocolError: {
    code: 1002,
    next: 'stop',
    sentence: 'Only text frames of the subprotocol parley.v1 are understood.',
  },
  FrameTooLarge: {
    code: 1009,
    next: 'stop',
    sentence: 'A frame has at most 128 KiB; send less at once, of positions to resume the newest.',
  },
  SlowReader: {
    code: 4001,
    next: 'resume',
    sentence: 'You read too slowly and the buffer is full; come back and resume.',
  },
  IdleTimeout: { code: 4002, next: 'resume', sentence: 'Nothing was heard from you; come back and resume.' },
  SessionLost: {
    code: 4003,
    next: 'resume',
    sentence: 'Live delivery was interrupted; come back and resume.',
  },
  OpenTimeout: { code: 4400, next: 'resume', sentence: 'session.open did not come within 5 seconds.' },
  TokenExpired: { code: 4401, next: 'renew', sentence: 'The token has expired; get a new one and resume.' },
  DeviceRevoked: { code: 4404, next: 'stop', sentence: 'This device was revoked; sign in as a new device.' },
  PersonErased: { code: 4405, next: 'stop', sentence: 'This person was erased; sign in as somebody new.' },
  TokenRefused: { code: 4403, next: 'stop', sentence: 'The token is not valid.' },
} as const;

export type CloseTag = keyof typeof closeCodes;

const byCode = new Map<number, CloseTag>(
  (Object.keys(closeCodes) as CloseTag[]).map((tag) => [closeCodes[tag].code, tag]),
);

/** What a client does after a close; a code nobody knows is a broken line, so it resumes. */
export function afterClose(code: number): 'resume' | 'renew' | 'stop' {
  const tag = byCode.get(code);
  return tag === undefined ? 'resume' : closeCodes[tag].next;
}
