import { describe, expect, it } from 'vitest';
import { type RefusalTag, refusals, refuse, sentenceOf } from './refusals.js';

const rows = Object.entries(refusals);

describe('the refusals', () => {
  it('have a code each: of JSON-RPC where it has one, else from 1400 to 1599', () => {
    const codes = rows.map(([, { code }]) => code);
    expect(new Set(codes).size).toBe(codes.length);
    const ofJsonRpc = new Set([-32700, -32600, -32601, -32602, -32603]);
    for (const code of codes) expect(ofJsonRpc.has(code) || (code >= 1_400 && code <= 1_599)).toBe(true);
  });

  it('have a status of HTTP: a 5xx is worth another try, a 4xx is not, but for too many requests', () => {
    for (const [tag, { http, retryable }] of rows) {
      expect(http, tag).toBeGreaterThanOrEqual(400);
      expect(http, tag).toBeLessThan(600);
      expect(retryable, tag).toBe(http >= 500 || http === 429);
    }
  });

  it('have a sentence for people', () => {
    for (const [tag, { sentence }] of rows) expect(sentence, tag).toMatch(/^[A-Z].*\.$/);
  });

  it('have their codes for ever, because clients know them', () => {
    const codes = Object.fromEntries(rows.map(([tag, { code }]) => [tag, code])) as Record<
      RefusalTag,
      number
    >;
    expect(codes).toMatchInlineSnapshot(`
      {
        "BatchTooLarge": 1501,
        "BeforeItBegan": 1431,
        "BeyondTheHead": 1416,
        "BodyTooLarge": 1502,
        "CallFull": 1436,
        "CallNotFound": 1435,
        "CallOngoing": 1434,
        "ConversationClosed": 1410,
        "ConversationExists": 1409,
        "ConversationNotFound": 1404,
        "ConversationParked": 1506,
        "CursorForeign": 1418,
        "DeviceRevoked": 1420,
        "DirectNeedsTwo": 1414,
        "ForeignToken": 1423,
        "IdReused": 1415,
        "InternalError": -32603,
        "InvalidParams": -32602,
        "InvalidRequest": -32600,
        "LastOwner": 1411,
        "LifeNotAllowed": 1424,
        "MediaNotFound": 1440,
        "MediaNotSupported": 1441,
        "MessageNotFound": 1413,
        "MethodNotFound": -32601,
        "NotAMember": 1403,
        "NotAllowed": 1405,
        "NotAuthenticated": 1401,
        "NotForThisKind": 1406,
        "NotInCall": 1437,
        "NotTheAuthor": 1407,
        "NotYetHappened": 1432,
        "OnLegalHold": 1425,
        "ParseError": -32700,
        "PastTooLong": 1433,
        "PersonErased": 1426,
        "PlacementStale": 1439,
        "PositionAhead": 1419,
        "RateLimited": 1430,
        "ReadBehind": 1505,
        "ScopeMissing": 1417,
        "SessionAlreadyOpen": 1503,
        "SignalRefused": 1443,
        "TicketInvalid": 1438,
        "TokenExpired": 1402,
        "TooManyDevices": 1422,
        "TooManyMembers": 1412,
        "TooManyPins": 1427,
        "TooManyRequests": 1429,
        "TooMuchMedia": 1442,
        "Unavailable": 1504,
        "UserBanned": 1408,
        "VoiceUnavailable": 1507,
      }
    `);
  });

  it('add the facts of a case to the sentence', () => {
    expect(refuse('NotAMember')).toStrictEqual({ tag: 'NotAMember' });
    expect(sentenceOf(refuse('NotAMember'))).toBe(refusals.NotAMember.sentence);
    expect(sentenceOf(refuse('MessageNotFound', 'seq 3'))).toBe(
      'There is no such message in this conversation, or it is gone. (seq 3)',
    );
  });
});
