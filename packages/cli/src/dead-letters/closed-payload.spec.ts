import { describe, expect, it } from 'vitest';
import { closedPayload } from './closed-payload.js';

describe('the payload of a letter', () => {
  it('is shown without what people wrote, however deep that is', () => {
    const event = {
      type: 'x',
      data: { body: 'p0.secret', remains: [{ data: { body: 's1', title: 'ab' } }] },
    };
    expect(closedPayload(Buffer.from(JSON.stringify(event)))).toEqual({
      type: 'x',
      data: { body: '9 characters', remains: [{ data: { body: '2 characters', title: '2 characters' } }] },
    });
  });

  it('is told by its length where it cannot be decoded', () => {
    expect(closedPayload(Buffer.from('{"body":"secret'))).toBe('15 bytes that are not JSON');
  });
});
