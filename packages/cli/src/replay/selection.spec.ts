import { describe, expect, it } from 'vitest';
import { eventTypes, typesLike } from './selection.js';

describe('a pattern of types', () => {
  it('means the types it fits', () => {
    expect(typesLike('message.sent')).toStrictEqual(['message.sent']);
    expect(typesLike('message.*')).toStrictEqual(eventTypes.filter((type) => type.startsWith('message.')));
    expect(typesLike('*.erased')).toStrictEqual(['conversation.erased', 'member.erased', 'message.erased']);
    expect(typesLike('*')).toStrictEqual(eventTypes);
  });

  it('means none where there is no such type: a dot is a dot', () => {
    for (const none of [
      'message',
      'messages.*',
      'message?sent',
      '',
      'message.sent.',
      'constructor',
      'messageXsent',
    ])
      expect(typesLike(none), none).toStrictEqual([]);
  });
});
