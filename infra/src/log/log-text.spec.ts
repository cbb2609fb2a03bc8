import { closeBody } from '@parley/domain/conversation/body';
import { envelop } from '@parley/domain/log/envelope';
import { describe, expect, it } from 'vitest';
import { logText } from './log-text.js';

const place = { conversationId: 'den', seq: 2, at: 1, actor: 'ann', commandId: 'c' };
const plain = closeBody({ kind: 'text', text: 'hi' });

describe('what goes into the log', () => {
  it('is JSON', () => {
    const sealed = envelop({ type: 'message.sent', data: { ordinal: 1, body: 's1.m2026-11.AAAA' } }, place);
    expect(JSON.parse(logText(sealed))).toEqual(sealed);
    const closed = envelop({ type: 'conversation.closed', data: {} }, place);
    expect(JSON.parse(logText(closed))).toEqual(closed);
    expect(logText({ user: 'ann', read: 3 })).toBe('{"user":"ann","read":3}');
  });

  it.each([plain, 'z9.other'])('is never a body or title like %s', (body) => {
    const renamed = envelop({ type: 'conversation.renamed', data: { title: body } }, place);
    expect(() => logText(renamed)).toThrow('sealed');
    expect(() => logText(envelop({ type: 'message.sent', data: { ordinal: 1, body } }, place))).toThrow(
      'sealed',
    );
    expect(() => logText(envelop({ type: 'message.edited', data: { seq: 1, body } }, place))).toThrow(
      'sealed',
    );
  });
});
