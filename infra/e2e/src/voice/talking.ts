import { randomUUID } from 'node:crypto';
import { askApi } from '@parley/infra/testing/ask-api';
import { type CallPlace, joinRaw } from '@parley/infra/testing/media/raw-participant';
import { openVoiceLine, type VoiceLine } from '@parley/infra/testing/media/voice-line';
import type { SystemProcesses } from '@parley/infra/testing/system-processes';
import { waitFor } from '@parley/infra/testing/wait-for';
import { type TalkingParticipant, talkOn } from './talker.js';

export type Talker = TalkingParticipant & CallPlace & { readonly line: VoiceLine };

/** A group of these people, in a call by nodes, each of whom hears each other one. The first one of them is ann. */
export async function talking(system: SystemProcesses, ...users: readonly string[]) {
  const conversationId = randomUUID();
  const { status } = await askApi(system, 'POST', '/v1/conversations', {
    body: { conversationId, kind: 'group', members: users.filter((user) => user !== 'ann') },
  });
  if (status !== 200) throw new Error(`the group was not made: ${status}`);
  const talkers: Talker[] = [];
  for (const user of users) {
    const line = await openVoiceLine(system.ws, await system.token(user));
    const place = await joinRaw(line, conversationId, talkers[0]?.call);
    const staying = await talkOn(line, place);
    talkers.push({ ...staying, line, ...place });
  }
  await hearEachOther(talkers);
  return { conversationId, talkers };
}

/** Each hears of each other one what is said from now on: what is still on its way does not count. */
export async function hearEachOther(talkers: readonly Talker[]): Promise<void> {
  const since = new Map(talkers.map(({ participant, said }) => [participant, said()]));
  for (const one of talkers) {
    for (const [participant, said] of since) {
      if (participant === one.participant) continue;
      await waitFor(() => (one.heard(participant) ?? 0) > said, {
        what: `${one.participant} to hear ${participant}`,
        timeout: 30_000,
      });
    }
  }
}

export async function hangUp(talkers: readonly Talker[]): Promise<void> {
  for (const talker of talkers) {
    await talker.close();
    talker.line.close();
  }
}
