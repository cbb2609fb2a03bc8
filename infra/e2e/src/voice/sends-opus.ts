import { waitFor } from '@parley/infra/testing/wait-for';
import { expect } from 'vitest';
import type { CallPerson, VoiceSent } from './call-person.js';
import type { CallStage } from './call-stage.js';
import { callOf } from './people-in-call.js';

/** Packets of whoever speaks by which who is silent is measured: some 4 s of them. */
const SPOKEN = 200;

/** Voices go out as Opus that corrects losses and is silent when its speaker is (RFC 6716, 2.1.7 and 2.1.9). */
export async function sendsOpus(stage: CallStage): Promise<void> {
  const { people } = await callOf(stage, 2, 0);
  const [ann, bob] = people as [CallPerson, CallPerson];
  await ann.hearsAndSees([bob.user]);
  await bob.hearsAndSees([ann.user]);
  for (const each of people) expectOpus(await each.voiceSent());
  await bob.setMic(false);
  const [spoken, silent] = [await ann.voiceSent(), await bob.voiceSent()];
  const spokenSince = await waitFor(
    async () => {
      const packets = (await ann.voiceSent()).packets - spoken.packets;
      return packets > SPOKEN && packets;
    },
    { what: 'ann to speak for a while' },
  );
  const silentSince = (await bob.voiceSent()).packets - silent.packets;
  expect(silentSince).toBeLessThan(spokenSince / 2);
}

function expectOpus({ formats }: VoiceSent): void {
  expect(formats).not.toEqual([]);
  for (const format of formats)
    expect(format.split(';')).toEqual(expect.arrayContaining(['usedtx=1', 'useinbandfec=1']));
}
