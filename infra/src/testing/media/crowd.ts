import type { SystemProcesses } from '../system-processes.js';
import { enterRaw, type Heard, joinRaw, type RawParticipant } from './raw-participant.js';
import { openVoiceLine, type VoiceLine } from './voice-line.js';

/** Many people in one call by its nodes, in the order in which they came. */
export type Crowd = {
  readonly people: readonly RawParticipant[];
  close(): Promise<void>;
};

export type CrowdOptions = {
  /** What a participant does with what it hears. */
  readonly heardBy: (participant: number) => Heard;
  /** Whether whoever came as so many-eth has a microphone. */
  readonly speaks: (index: number) => boolean;
  readonly onEntered?: (count: number) => void;
};

/** Has these members of a conversation enter one call, one after the other; the first one starts it. */
export async function enterCrowd(
  system: Pick<SystemProcesses, 'ws' | 'token'>,
  conversationId: string,
  users: readonly string[],
  { heardBy, speaks, onEntered }: CrowdOptions,
): Promise<Crowd> {
  const lines: VoiceLine[] = [];
  const people: RawParticipant[] = [];
  let call: number | undefined;
  for (const [index, user] of users.entries()) {
    const line = await openVoiceLine(system.ws, await system.token(user));
    lines.push(line);
    const place = await joinRaw(line, conversationId, call);
    call = place.call;
    people.push(await enterRaw(line, place, heardBy(place.participant), speaks(index)));
    onEntered?.(people.length);
  }
  return {
    people,
    async close() {
      await Promise.all(people.map((each) => each.close()));
      for (const line of lines) line.close();
    },
  };
}
