import { TYPING_MS } from '@parley/domain/wire/presence';

/** Milliseconds in which the others are told once that somebody goes on typing. */
export const REPEAT_MS = 2_000;

/** What one session has said of its typing in one conversation. Times are ms by the gateway's steady clock. */
export type TypingState = {
  /** When the others were told last that they type; they believe it for {@link TYPING_MS}. */
  readonly toldAt: number;
  /** False once it was taken back. */
  readonly isTyping: boolean;
};

export type TypingStep = {
  readonly state: TypingState | undefined;
  /** What the others are told. */
  readonly tell?: 'typing' | 'stopped';
};

/**
 * Who types on is told again, but not oftener than the others can use; who stops is believed at once. Whoever goes to and fro is
 * told no oftener either. Pure.
 */
export function stepTyping(state: TypingState | undefined, isTyping: boolean, now: number): TypingStep {
  const isRecent = state !== undefined && now - state.toldAt < REPEAT_MS;
  if (isTyping) return isRecent ? { state } : { state: { toldAt: now, isTyping: true }, tell: 'typing' };
  if (state === undefined || !isBelieved(state, now)) return { state: isRecent ? state : undefined };
  return { state: { ...state, isTyping: false }, tell: 'stopped' };
}

/** Whether the others still believe that somebody types. */
export const isBelieved = ({ toldAt, isTyping }: TypingState, now: number): boolean =>
  isTyping && now - toldAt < TYPING_MS;
