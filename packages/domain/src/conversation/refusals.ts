/**
 * Everything Parley answers instead of doing what was asked: one table for all transports. `code` is the JSON-RPC error
 * code, `http` the status, `retryable` whether the same request can succeed later without being changed, `sentence` what
 * a person reads and can act on.
 */
export const refusals = {
  // What the rules of a conversation refuse.
  ConversationNotFound: row(
    1404,
    404,
    false,
    'There is no such conversation, or you are not a member of it.',
  ),
  ConversationExists: row(1409, 409, false, 'A conversation with this id exists already; choose another id.'),
  ConversationClosed: row(
    1410,
    410,
    false,
    'The conversation is closed; it can still be read by its members.',
  ),
  NotAMember: row(1403, 403, false, 'Only members may do this; ask an admin of the conversation to add you.'),
  NotAllowed: row(
    1405,
    403,
    false,
    'Your role does not allow this; ask an owner or admin of the conversation.',
  ),
  NotForThisKind: row(1406, 409, false, 'This kind of conversation does not have that.'),
  NotTheAuthor: row(
    1407,
    403,
    false,
    'Only the author may edit a message; the author or an admin may delete it.',
  ),
  UserBanned: row(1408, 403, false, 'This person is banned here; lift the ban before adding them.'),
  LastOwner: row(1411, 409, false, 'A conversation needs an owner; make somebody else an owner first.'),
  TooManyMembers: row(1412, 409, false, 'The conversation is full; remove somebody, or start another one.'),
  MessageNotFound: row(1413, 404, false, 'There is no such message in this conversation, or it is gone.'),
  DirectNeedsTwo: row(
    1414,
    422,
    false,
    'A direct conversation has exactly one other person and an id made of both.',
  ),
  IdReused: row(1415, 409, false, 'This command id was used for something else; choose a new id.'),
  BeyondTheHead: row(
    1416,
    422,
    false,
    'A watermark may not be beyond the newest event of the conversation; mark what you have received.',
  ),
  ScopeMissing: row(
    1417,
    403,
    false,
    'The token lacks the scope that this needs; get one that has it, or leave out what needs it.',
  ),
  CursorForeign: row(
    1418,
    422,
    false,
    'The cursor was made for another conversation; start without a cursor.',
  ),
  PositionAhead: row(
    1419,
    422,
    false,
    'A position to resume from is beyond the newest event of its conversation; drop it and read that conversation anew.',
  ),
  DeviceRevoked: row(1420, 403, false, 'This device was revoked; sign in as a new device.'),
  TooManyDevices: row(
    1422,
    409,
    false,
    'You have as many devices as one may have; revoke one you no longer use.',
  ),
  ForeignToken: row(
    1423,
    409,
    false,
    'The token is of another user or device; open another connection for it.',
  ),

  LifeNotAllowed: row(
    1424,
    422,
    false,
    'A message may live shorter than its conversation allows, never longer, and nothing may end in the past.',
  ),
  OnLegalHold: row(
    1425,
    409,
    false,
    'The conversation is on legal hold; nothing in it is deleted or erased until an operator lifts it.',
  ),
  PersonErased: row(1426, 410, false, 'This person was erased; they write again only as somebody new.'),
  TooManyPins: row(1427, 409, false, 'So many messages are pinned already; unpin one.'),
  BeforeItBegan: row(1431, 422, false, 'The conversation had not begun then; ask for a later moment.'),
  NotYetHappened: row(
    1432,
    422,
    false,
    'The conversation has no event of that seq yet; ask for its newest, or an earlier one.',
  ),
  PastTooLong: row(
    1433,
    422,
    false,
    'Too much had happened by then for an answer here; ask for an earlier moment, or an operator for `parley conversation show`.',
  ),

  // What calls refuse.
  CallOngoing: row(1434, 409, false, 'A call goes on here already; join that one.'),
  CallNotFound: row(1435, 404, false, 'That call is over, or never was; start another one.'),
  CallFull: row(
    1436,
    409,
    false,
    'The call has as many people as it may have; watch its broadcast, or come back later.',
  ),
  NotInCall: row(1437, 409, false, 'This device is not in the call, or was replaced in it; join it again.'),
  TicketInvalid: row(
    1438,
    403,
    false,
    'The ticket is not for this node, call or device, or its time is over; enter the call again.',
  ),
  PlacementStale: row(1439, 409, false, 'The call has moved to another node; enter it again.'),
  VoiceUnavailable: row(
    1507,
    503,
    true,
    'No node can carry this call by a server now; talk with fewer people, or try again.',
  ),
  MediaNotFound: row(1440, 404, false, 'This call has no such transport, producer or consumer of yours.'),
  MediaNotSupported: row(
    1441,
    422,
    false,
    'These media parameters do not fit what the call accepts; use the capabilities it announced.',
  ),
  TooMuchMedia: row(
    1442,
    409,
    false,
    'A device may have only so many transports and tracks in a call; close one.',
  ),
  SignalRefused: row(
    1443,
    422,
    false,
    'The description or candidate is too large or not accepted here; send what a browser makes.',
  ),

  // What the wire refuses.
  ParseError: row(-32700, 400, false, 'The request is not JSON.'),
  InvalidRequest: row(-32600, 400, false, 'The request is not a JSON-RPC 2.0 request.'),
  MethodNotFound: row(-32601, 404, false, 'There is no such method.'),
  InvalidParams: row(-32602, 422, false, 'The parameters do not fit; correct what is named.'),
  InternalError: row(-32603, 500, true, 'Something failed on our side; it is logged. Try again.'),
  BatchTooLarge: row(1501, 413, false, 'Too many requests in one batch; send at most 100.'),
  BodyTooLarge: row(
    1502,
    413,
    false,
    'The request is too large; a body has at most 64 KiB, a frame 128 KiB.',
  ),
  NotAuthenticated: row(1401, 401, false, 'Send a valid token first (session.open, or a Bearer header).'),
  TokenExpired: row(1402, 401, false, 'The token has expired; get a new one.'),
  SessionAlreadyOpen: row(
    1503,
    409,
    false,
    'This connection has a session already; go on with it, or open another connection.',
  ),
  TooManyRequests: row(
    1429,
    429,
    true,
    'Too many requests are waiting for their answers; wait for some of them.',
  ),
  RateLimited: row(
    1430,
    429,
    true,
    'Too many of these in too short a time; wait as long as retryAfterMs says.',
  ),
  Unavailable: row(
    1504,
    503,
    true,
    'A part that this needs does not answer now; nothing was lost. Try again.',
  ),
  ReadBehind: row(1505, 503, true, 'History has not caught up with the seq you asked for; try again.'),
  ConversationParked: row(
    1506,
    503,
    true,
    'The history of this conversation stands still until an operator has seen to it; ask without the seq for what there is, or try again later.',
  ),
} as const;

export type RefusalTag = keyof typeof refusals;

/**
 * A refusal; `detail` adds the facts of this case to the table's sentence, `about` names the conversations, people or devices
 * it is about, and `retryAfterMs` says when the same request may succeed.
 */
export type Refusal = {
  readonly tag: RefusalTag;
  readonly detail?: string;
  readonly about?: readonly string[];
  readonly retryAfterMs?: number;
};

export const refuse = (tag: RefusalTag, detail?: string): Refusal =>
  detail === undefined ? { tag } : { tag, detail };

/** What a person reads: the table's sentence, then the facts of the case. */
export const sentenceOf = ({ tag, detail }: Refusal): string =>
  detail === undefined ? refusals[tag].sentence : `${refusals[tag].sentence} (${detail})`;

type Row = {
  readonly code: number;
  readonly http: number;
  readonly retryable: boolean;
  readonly sentence: string;
};

function row(code: number, http: number, retryable: boolean, sentence: string): Row {
  return { code, http, retryable, sentence };
}
