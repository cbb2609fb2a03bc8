import { enterRaw, PACKET_MS, PACKET_TICKS, type RawParticipant } from './raw-participant.js';
import type { VoiceLine } from './voice-line.js';

export type LastingParticipant = {
  /** Where it is now; undefined while it is on its way. */
  readonly now: () => RawParticipant | undefined;
  /** When it was told why its place is gone, or undefined. */
  readonly closedAs: () => string | undefined;
  /** When something of another participant was heard last, in ms of `performance.now()`. */
  readonly heardAt: (from: number) => number | undefined;
  /** Longest time without a packet of another one since it was first heard, in ms; up to now. */
  readonly longestGap: (from: number) => number;
  /** Forgets the gaps so far. */
  readonly forgetGaps: () => void;
  close(): Promise<void>;
};

/** 20 ms of nothing, as opus has it (RFC 6716, 3.1: one frame of CELT, and nothing in it). */
const SILENCE = Buffer.from([0xf8, 0xff, 0xfe]);

type Ear = { last: number; longest: number };

/**
 * A device that speaks all the time and stays in its call as the SDK does: told that media goes another way, it enters again, until it is let in or told that it is over.
 *
 * @param place as `joinRaw` answered
 */
export async function stayInCall(
  line: VoiceLine,
  place: { readonly conversationId: string; readonly call: number; readonly participant: number },
): Promise<LastingParticipant> {
  const ears = new Map<number, Ear>();
  let current: RawParticipant | undefined;
  let entering = false;
  let again = false;
  let closed: string | undefined;
  let over = false;

  function heard(from: number): void {
    const at = performance.now();
    const ear = ears.get(from);
    if (ear === undefined) ears.set(from, { last: at, longest: 0 });
    else {
      ear.longest = Math.max(ear.longest, at - ear.last);
      ear.last = at;
    }
  }

  async function enter(): Promise<void> {
    if (entering) {
      again = true;
      return;
    }
    entering = true;
    do {
      again = false;
      const before = current;
      try {
        current = await enterRaw(line, place, (_, from) => heard(from));
        void before?.close().catch(() => undefined);
      } catch {
        if (closed === undefined && !over) {
          again = true;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    } while (again && closed === undefined && !over);
    entering = false;
  }

  line.onNotice((method, params) => {
    if (params.conversationId !== place.conversationId) return;
    if (method === 'voice.moved') void enter();
    if (method === 'voice.closed') closed = String(params.why);
  });
  let sequence = 0;
  const speaking = setInterval(() => {
    sequence++;
    current?.speak({
      sequence: sequence & 0xffff,
      timestamp: sequence * PACKET_TICKS,
      payload: SILENCE,
    });
  }, PACKET_MS);
  await enter();

  return {
    now: () => current,
    closedAs: () => closed,
    heardAt: (from) => ears.get(from)?.last,
    longestGap: (from) => {
      const ear = ears.get(from);
      return ear === undefined
        ? Number.POSITIVE_INFINITY
        : Math.max(ear.longest, performance.now() - ear.last);
    },
    forgetGaps: () => {
      for (const ear of ears.values()) ear.longest = 0;
    },
    async close() {
      over = true;
      clearInterval(speaking);
      await current?.close();
    },
  };
}
