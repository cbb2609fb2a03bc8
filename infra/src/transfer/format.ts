import { ConversationId, Seq } from '@parley/domain/ids';
import { shape } from '@parley/domain/shape';
import { boundedInteger } from '@parley/domain/text';
import { LoggedReceipt } from '@parley/domain/wire/receipts';
import * as t from 'io-ts';

/** What a file says that it is. A release reads all versions up to its own. */
export const FORMAT = 'parley-conversation/1';

const Count = boundedInteger('count', 0, Number.MAX_SAFE_INTEGER);

/** How the key of a passphrase is made, and by what a wrong one is recognised. More than this is not tried: it may be a trap. */
export const PassphraseNote = shape({
  algorithm: t.literal('argon2id'),
  passes: boundedInteger('passes', 1, 16),
  memory: boundedInteger('memory in bytes', 8_192, 1_073_741_824),
  salt: t.string,
  check: t.string,
});
export type PassphraseNote = t.TypeOf<typeof PassphraseNote>;

/** The first line. Without `passphrase` there are no keys in the file. */
export const Header = shape(
  { format: t.literal(FORMAT), conversationId: ConversationId, exportedAt: t.string, lastSeq: Seq },
  { passphrase: PassphraseNote },
);
export type Header = t.TypeOf<typeof Header>;

/** The last line, which is signed. */
export const Manifest = shape({
  format: t.literal(FORMAT),
  conversationId: ConversationId,
  exportedAt: t.string,
  /** Partitions of the log that it was taken from. */
  partitions: Count,
  lastSeq: Seq,
  /** Events in the file: one for each seq from 1 on. Of them those that the log did not have any more, made of their remains. */
  events: Count,
  erased: Count,
  /** Bodies and titles that open with the keys in the file, and those that nobody opens any more. */
  keys: Count,
  gone: Count,
  /** Moves of watermarks. */
  moves: Count,
  /** Of all events, in hexadecimal. */
  digest: t.string,
  /** SHA-256 of the lines of each chunk, in hexadecimal. */
  chunks: t.readonlyArray(t.string),
});
export type Manifest = t.TypeOf<typeof Manifest>;

/** A move of somebody's watermarks as it stands in the file: as the log has it. */
export const Move = LoggedReceipt;
export type Move = LoggedReceipt;

/** Lines that a chunk has at most, besides its seal, and bytes after which it ends: what is in memory at once. */
export const CHUNK_LINES = 256;
export const CHUNK_BYTES = 1_048_576;

/** What is wrong with a file, and where. */
export class BadFile extends Error {
  override readonly name = 'BadFile';

  /**
   * @param line from 1
   * @param why `newer` and `unknown`: a newer release may read it
   */
  constructor(
    readonly line: number,
    readonly why: 'changed' | 'truncated' | 'newer' | 'unknown',
    reason: string,
  ) {
    super(`line ${line}: ${reason}`);
  }
}
