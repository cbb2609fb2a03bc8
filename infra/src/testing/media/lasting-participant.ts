import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../wait-for.js';
import { type CallPlace, enterRaw, type Heard, type RawParticipant } from './raw-participant.js';
import type { VoiceLine } from './voice-line.js';

export type LastingParticipant = {
  /** Where it is now; undefined until it is let in. */
  readonly now: () => RawParticipant | undefined;
  /** Why its place is gone, as it was told, or undefined. */
  readonly closedAs: () => string | undefined;
  /** By every way it has now. */
  readonly speak: RawParticipant['speak'];
  close(): Promise<void>;
};

/** Milliseconds before somebody whom a node or gateway refused asks again. */
const AGAIN_MS = 50;

/** Milliseconds for which somebody whose call moves is on both nodes, until the others have gone the next way too. */
const BOTH_MS = 1_000;

/**
 * A device that stays in its call as the SDK does: told that media goes another way, it enters again, until it is let in or told that it is over.
 * Resolves then for the first time.
 *
 * @param place as `joinRaw` answered
 */
export async function stayInCall(
  line: VoiceLine,
  place: CallPlace,
  heard?: Heard,
): Promise<LastingParticipant> {
  const ways = new Set<RawParticipant>();
  let current: RawParticipant | undefined;
  let closed: string | undefined;
  let wanted = 0;

  async function enter(): Promise<void> {
    const mine = ++wanted;
    while (mine === wanted) {
      const next = await enterRaw(line, place, heard).catch(() => undefined);
      if (next === undefined) await sleep(AGAIN_MS);
      else if (mine !== wanted) return next.close();
      else return goBy(next);
    }
  }

  function goBy(next: RawParticipant): void {
    const before = current;
    current = next;
    ways.add(next);
    if (before !== undefined) setTimeout(() => void leave(before), BOTH_MS);
  }

  async function leave(way: RawParticipant): Promise<void> {
    if (ways.delete(way)) await way.close().catch(() => undefined);
  }

  const stopListening = line.onNotice((method, params) => {
    if (params.conversationId !== place.conversationId) return;
    if (method === 'voice.moved') void enter();
    if (method === 'voice.closed') {
      closed = String(params.why);
      wanted++;
    }
  });
  void enter();
  await waitFor(() => current !== undefined || closed !== undefined, {
    what: 'the call to be entered',
    timeout: 30_000,
  });
  return {
    now: () => current,
    closedAs: () => closed,
    speak(packet) {
      for (const way of ways) way.speak(packet);
    },
    async close() {
      wanted++;
      stopListening();
      await Promise.all([...ways].map(leave));
    },
  };
}
