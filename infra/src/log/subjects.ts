import { partitionLabel, partitionOf } from '@parley/domain/log/partition';

/** Names of streams and subjects; ARCHITECTURE.md lists who writes and reads each. */

export const streamName = (partition: number): string => `CONV_${partitionLabel(partition)}`;
export const receiptStreamName = (partition: number): string => `RCPT_${partitionLabel(partition)}`;

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

/** Where a user's gateways hear that they entered a conversation. */
export const userSubject = (user: string): string => `user.${user}`;
