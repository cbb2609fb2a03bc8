import { keyedHash } from './sodium.js';

/** First step to the key of a body, and all that is kept of a bucket for a conversation on legal hold. */
export const deriveHeldKey = (into: Buffer, bucketSecret: Buffer, conversationSecret: Buffer): void =>
  keyedHash(into, bucketSecret, FIRST, conversationSecret);

/** Second step: the key of the bodies of one author. */
export const deriveBodyKey = (into: Buffer, heldKey: Buffer, authorSecret: Buffer): void =>
  keyedHash(into, heldKey, SECOND, authorSecret);

const FIRST = Buffer.from('parley: bucket, conversation');
const SECOND = Buffer.from('parley: bucket and conversation, author');
