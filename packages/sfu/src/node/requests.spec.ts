import { describe, expect, it } from 'vitest';
import { replyText } from './requests.js';

describe('a reply of a node', () => {
  const consumers = Array.from({ length: 100 }, () => ({ consumer: 'é'.repeat(50) }));

  it('is sent as it is, up to what the broker takes', () => {
    const reply = { result: { consumers } };
    const text = JSON.stringify(reply);
    expect(replyText(reply, Buffer.byteLength(text))).toBe(text);
  });

  it('is a refusal where it is more than that', () => {
    const reply = { result: { consumers } };
    // By its bytes, which are more than its characters.
    const most = JSON.stringify(reply).length;
    expect(JSON.parse(replyText(reply, most))).toMatchObject({ refusal: { tag: 'TooMuchMedia' } });
  });
});
