/** A message of the log that a projection could not take, as it was, and why. */
export type DeadLetter = {
  readonly streamSeq: number;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly error: string;
};
