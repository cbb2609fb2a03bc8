import { partitionLabel, partitionOf } from '@parley/domain/log/partition';

/** Names of streams and subjects; ARCHITECTURE.md lists who writes and reads each. */

export const streamName = (partition: number): string => `CONV_${partitionLabel(partition)}`;
export const receiptStreamName = (partition: number): string => `RCPT_${partitionLabel(partition)}`;

export const accountStreamName = (partition: number): string => `ACCT_${partitionLabel(partition)}`;

/** Which stream and subject hold a conversation. */
export type Place = { readonly partition: number; readonly stream: string; readonly subject: string };

export function placeOf(conversationId: string, partitions: number): Place {
  const partition = partitionOf(conversationId, partitions);
  return {
    partition,
    stream: streamName(partition),
    subject: `conv.${partitionLabel(partition)}.${conversationId}`,
  };
}

/** Where the stream republishes what it stored of a conversation. */
export const liveSubject = (conversationId: string, partitions: number): string =>
  `live.${partitionLabel(partitionOf(conversationId, partitions))}.${conversationId}`;

/** Where the watermarks of one user in a conversation are kept. */
export function receiptPlaceOf(conversationId: string, user: string, partitions: number): Place {
  const partition = partitionOf(conversationId, partitions);
  return {
    partition,
    stream: receiptStreamName(partition),
    subject: `rcpt.${partitionLabel(partition)}.${conversationId}.${user}`,
  };
}

/** Where watermarks of everyone in a conversation are republished. */
export const liveReceiptsSubject = (conversationId: string, partitions: number): string =>
  `receipts.${partitionLabel(partitionOf(conversationId, partitions))}.${conversationId}.*`;

/** Where gateways with watchers of a user hear that something about their presence has changed. */
export const presenceSubject = (user: string): string => `presence.${user}`;

/**
 * Where gateways tell each other who types in a conversation: beside its receipts, so that who hears those hears this without
 * another subscription. `~` is in no user's id.
 */
export const typingSubject = (conversationId: string, partitions: number): string =>
  `receipts.${partitionLabel(partitionOf(conversationId, partitions))}.${conversationId}${TYPING}`;

const TYPING = '.~typing';

/** Whether what came beside a conversation's receipts is about typing. */
export const isTypingSubject = (subject: string): boolean => subject.endsWith(TYPING);

/** Where a user's gateways hear that they entered a conversation. */
export const userSubject = (user: string): string => `user.${user}`;

/** Where the events of a user's account are kept: partitioned by the user's id. */
export function accountPlaceOf(user: string, partitions: number): Place {
  const partition = partitionOf(user, partitions);
  return {
    partition,
    stream: accountStreamName(partition),
    subject: `acct.${partitionLabel(partition)}.${user}`,
  };
}

/**
 * Where events of all accounts are republished. They are few, and everyone who serves sockets or requests hears them all: a
 * subscription per person would cost a session more memory than they cost in all.
 */
export const LIVE_ACCOUNTS = 'account.*.*';

/** Whose account an event is of that was republished under this subject. */
export const userOfAccount = (subject: string): string => subject.slice(subject.lastIndexOf('.') + 1);

/** The work queue of what is to be erased. */
export const ERASURES = 'ERASURES';

/** Where a job of that queue is put, by its id. */
export const erasureSubject = (id: string): string => `erasure.${id}`;
