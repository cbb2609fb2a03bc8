/**
 * Something that was, or is about to be, erased in the log, and has to be taken out of everything else. It is put into the queue
 * before the event is appended, and whoever does it looks first whether the event is there: so nothing is forgotten when a
 * process dies between the two.
 */
export type ErasureJob =
  /** A deleted message: its events, edits included, are to be taken out of the log. */
  | { readonly kind: 'message'; readonly conversationId: string; readonly seq: number }
  /** Its secret is to be destroyed; its receipts, its snapshot, its page and its rows are to go. */
  | { readonly kind: 'conversation'; readonly conversationId: string }
  /** Their secret is to be destroyed; `member.erase` is to be done in each of their conversations; receipts are to go. */
  | { readonly kind: 'person'; readonly user: string };
