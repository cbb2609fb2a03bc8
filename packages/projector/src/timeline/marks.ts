/**
 * Members are marked with the place in the log where the window of their conversation's newest event began, so that
 * `session.sync` finds a user's conversations of late by an index. Of more members than these none is marked: they are always
 * looked at, and sending to them writes no row of theirs.
 */
export const MAX_MARKED = 256;

/** The mark of those who are always looked at: the largest bigint. */
export const ALWAYS = '9223372036854775807';
