import * as t from 'io-ts';
import { type CommandType, commandCodecs } from '../conversation/commands.js';
import { ConversationId, DeviceId } from '../ids.js';
import { boundedRecord, shape } from '../shape.js';
import { boundedInteger, boundedText } from '../text.js';
import { CallNow, CallPage } from './calls.js';
import {
  AccountErase,
  AccountErased,
  DeviceAnswer,
  DeviceKeys,
  DeviceRegister,
  DeviceRevoke,
  Devices,
} from './devices.js';
import { PresenceList, PresenceSet, PresenceWatch, TypingSet } from './presence.js';
import { type QueryType, queryCodecs } from './queries.js';
import { MessageInfo, ReceiptMarks, RefusedMark, Watermarks } from './receipts.js';
import { SyncPage } from './sync.js';
import { AnswerView, ConversationDetail, ConversationPage, MessagePage } from './views.js';

/** Conversations a client may resume in one `session.open`. */
export const MAX_RESUME = 10_000;

/** Newest seq a client has of a conversation; 0 before the first event, for who was told of a conversation and cut off then. */
const Position = boundedInteger('position', 0, Number.MAX_SAFE_INTEGER);

/** `device` is what the client believes; the session is of the device that the token names, and the answer says which. */
export const SessionOpen = shape(
  { token: boundedText('token', 1, 8_192), device: DeviceId },
  { resume: boundedRecord('resume', ConversationId, Position, MAX_RESUME) },
);

/** `now` is the server's time in ms, by which lives of messages are measured; `expiresAt` is the token's end. */
export const SessionOpened = shape({
  user: t.string,
  device: t.string,
  conversations: t.number,
  expiresAt: t.number,
  now: t.number,
});

export const SessionRenew = shape({ token: boundedText('token', 1, 8_192) });

type Http = { readonly verb: 'GET' | 'POST' | 'PUT' | 'DELETE'; readonly path: string };

/**
 * What a method is for the layers above: how it is dispatched, its two codecs, and where HTTP has it. A `command` is of a
 * conversation, an `account` command of its user; `session` is what the gateway answers by itself, `voice`
 * what it answers or passes on to the node of a call.
 */
export type Method = {
  readonly dispatch: 'command' | 'account' | 'query' | 'receipt' | 'session' | 'voice';
  readonly params: t.Mixed;
  readonly result: t.Mixed;
  readonly http?: Http;
  readonly summary: string;
};

const ofConversation = '/v1/conversations/:conversationId';

/** Every method but those of a call's media, which the SDK has with its calls and not in its core. */
export const coreMethods = {
  'session.open': {
    dispatch: 'session',
    params: SessionOpen,
    result: SessionOpened,
    summary: 'Authenticate this connection and go live, from the given seqs on.',
  },
  'session.renew': {
    dispatch: 'session',
    params: SessionRenew,
    result: shape({ expiresAt: t.number }),
    summary: 'Go on with a new token of the same user and device.',
  },
  'session.sync': query(
    'session.sync',
    SyncPage,
    '/v1/sync',
    'Which of my conversations changed since a token.',
  ),
  'conversation.create': command(
    'conversation.create',
    'POST',
    '/v1/conversations',
    'Create a conversation.',
  ),
  'conversation.list': query(
    'conversation.list',
    ConversationPage,
    '/v1/conversations',
    'My conversations, newest activity first.',
  ),
  'conversation.get': query(
    'conversation.get',
    ConversationDetail,
    ofConversation,
    'A conversation and its members; with `at`, a seq or a time, as they were then, and its messages.',
  ),
  'conversation.rename': command(
    'conversation.rename',
    'PUT',
    `${ofConversation}/title`,
    'Change the title.',
  ),
  'conversation.setTtl': command(
    'conversation.setTtl',
    'PUT',
    `${ofConversation}/ttl`,
    'Set the life of messages sent from now on.',
  ),
  'conversation.close': command(
    'conversation.close',
    'POST',
    `${ofConversation}/close`,
    'Close for good; it stays readable.',
  ),
  'conversation.setExpiry': command(
    'conversation.setExpiry',
    'PUT',
    `${ofConversation}/expiry`,
    'Set when the conversation ends and is erased.',
  ),
  'conversation.hold': command(
    'conversation.hold',
    'PUT',
    `${ofConversation}/hold`,
    'Put on legal hold: nothing expires meanwhile (scope hold).',
  ),
  'conversation.release': command(
    'conversation.release',
    'DELETE',
    `${ofConversation}/hold`,
    'Lift the legal hold (scope hold).',
  ),
  'conversation.erase': command(
    'conversation.erase',
    'DELETE',
    ofConversation,
    'Erase the conversation, for everyone and for good.',
  ),
  'member.add': command('member.add', 'POST', `${ofConversation}/members`, 'Add people.'),
  'member.remove': command('member.remove', 'POST', `${ofConversation}/members/remove`, 'Remove people.'),
  'member.leave': command('member.leave', 'POST', `${ofConversation}/leave`, 'Leave.'),
  'member.setRole': command(
    'member.setRole',
    'PUT',
    `${ofConversation}/members/:user/role`,
    'Change the role of a member.',
  ),
  'member.ban': command('member.ban', 'POST', `${ofConversation}/bans`, 'Remove a person and keep them out.'),
  'member.unban': command('member.unban', 'DELETE', `${ofConversation}/bans/:user`, 'Lift a ban.'),
  'message.send': command('message.send', 'POST', `${ofConversation}/messages`, 'Send a message.'),
  'message.edit': command(
    'message.edit',
    'PUT',
    `${ofConversation}/messages/:seq`,
    'Edit a message of mine.',
  ),
  'message.delete': command(
    'message.delete',
    'DELETE',
    `${ofConversation}/messages/:seq`,
    'Delete a message for everyone.',
  ),
  'message.react': command(
    'message.react',
    'POST',
    `${ofConversation}/messages/:seq/reactions`,
    'React, or take a reaction back.',
  ),
  'message.pin': command('message.pin', 'PUT', `${ofConversation}/pins/:seq`, 'Pin a message.'),
  'message.unpin': command('message.unpin', 'DELETE', `${ofConversation}/pins/:seq`, 'Unpin a message.'),
  'message.list': query(
    'message.list',
    MessagePage,
    `${ofConversation}/messages`,
    'A page of messages; newest without a cursor.',
  ),
  'call.start': command('call.start', 'POST', `${ofConversation}/calls`, 'Start a call, and be in it.'),
  'call.join': command(
    'call.join',
    'POST',
    `${ofConversation}/calls/:call/participants`,
    'Join the call with this device.',
  ),
  'call.leave': command(
    'call.leave',
    'DELETE',
    `${ofConversation}/calls/:call/participants/:participant`,
    'Leave the call, or put somebody out of it.',
  ),
  'call.mute': command(
    'call.mute',
    'PUT',
    `${ofConversation}/calls/:call/muted/:user`,
    'Mute somebody for everyone, or let them speak again.',
  ),
  'call.broadcast': command(
    'call.broadcast',
    'PUT',
    `${ofConversation}/calls/:call/broadcast`,
    'Broadcast the call to all members, or stop.',
  ),
  'call.end': command('call.end', 'DELETE', `${ofConversation}/calls/:call`, 'End the call for everyone.'),
  'call.get': query(
    'call.get',
    CallNow,
    `${ofConversation}/call`,
    'The call that goes on, and who is in it.',
  ),
  'call.list': query(
    'call.list',
    CallPage,
    `${ofConversation}/calls`,
    'Calls of a conversation, newest first.',
  ),
  'receipt.mark': {
    dispatch: 'receipt',
    params: ReceiptMarks,
    result: shape({ watermarks: t.readonlyArray(Watermarks) }, { refused: t.readonlyArray(RefusedMark) }),
    http: { verb: 'POST', path: '/v1/receipts' },
    summary: 'Move my delivered and read watermarks forward.',
  },
  'message.info': query(
    'message.info',
    MessageInfo,
    `${ofConversation}/messages/:seq/info`,
    'Who received and read a message, and when.',
  ),
  'typing.set': {
    dispatch: 'session',
    params: TypingSet,
    result: shape({}),
    summary: 'Say that I am typing, or stopped.',
  },
  'presence.set': {
    dispatch: 'session',
    params: PresenceSet,
    result: shape({}),
    summary: 'Say how this device is there.',
  },
  'presence.watch': {
    dispatch: 'session',
    params: PresenceWatch,
    result: PresenceList,
    summary: 'Hear how these people are there, from now on.',
  },
  'device.register': {
    dispatch: 'account',
    params: DeviceRegister,
    result: DeviceAnswer,
    http: { verb: 'POST', path: '/v1/devices' },
    summary: 'Register this device with its public keys.',
  },
  'device.revoke': {
    dispatch: 'account',
    params: DeviceRevoke,
    result: DeviceAnswer,
    http: { verb: 'DELETE', path: '/v1/devices/:device' },
    summary: 'End a device of mine for good.',
  },
  'account.erase': {
    dispatch: 'account',
    params: AccountErase,
    result: AccountErased,
    http: { verb: 'DELETE', path: '/v1/account' },
    summary:
      'Erase me, or with the scope erase another: messages, memberships, receipts and devices, for good.',
  },
  'device.list': query('device.list', Devices, '/v1/devices', 'My devices.'),
  'device.keys': query(
    'device.keys',
    DeviceKeys,
    `${ofConversation}/keys`,
    "Public keys of the members' devices.",
  ),
} as const satisfies Record<string, Method>;

/** Whether a method is a command, which carries an id and may be repeated under it. */
export const isIdempotent = ({ dispatch }: Method): boolean =>
  dispatch === 'command' || dispatch === 'account';

function command<T extends CommandType>(type: T, verb: Http['verb'], path: string, summary: string) {
  return {
    dispatch: 'command',
    params: commandCodecs[type],
    result: AnswerView,
    http: { verb, path },
    summary,
  } as const;
}

function query<T extends QueryType, R extends t.Mixed>(type: T, result: R, path: string, summary: string) {
  return {
    dispatch: 'query',
    params: queryCodecs[type],
    result,
    http: { verb: 'GET', path },
    summary,
  } as const;
}
