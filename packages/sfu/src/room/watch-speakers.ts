import type { Log } from '@parley/infra/runtime/log';
import type { types } from 'mediasoup';
import { type Speaker, speakersToTell } from './speakers.js';

/** Milliseconds between two looks at who speaks. */
const LOOK_EVERY = 300;

/** Below this nobody speaks, in dBov. */
const THRESHOLD = -55;

/** Speakers told at once. */
const MOST_SPEAKERS = 8;

export type SpeakerWatch = { add(producer: types.Producer): void };

/** Tells who speaks when it changes, at most every 300 ms. */
export async function watchSpeakers(
  router: types.Router,
  options: {
    readonly participantOf: (producer: string) => number | undefined;
    readonly onSpeakers: (speakers: readonly Speaker[]) => void;
    readonly log: Log;
  },
): Promise<SpeakerWatch> {
  const { participantOf, onSpeakers, log } = options;
  const observer = await router.createAudioLevelObserver({
    interval: LOOK_EVERY,
    threshold: THRESHOLD,
    maxEntries: MOST_SPEAKERS,
  });
  let told: readonly Speaker[] = [];

  function heard(speakers: readonly Speaker[]): void {
    const news = speakersToTell(told, speakers);
    if (news === undefined) return;
    told = news;
    onSpeakers(news);
  }

  observer.on('volumes', (volumes) =>
    heard(
      volumes.flatMap(({ producer, volume }) => {
        const participant = participantOf(producer.id);
        return participant === undefined ? [] : [{ participant, level: volume }];
      }),
    ),
  );
  observer.on('silence', () => heard([]));
  return {
    add(producer) {
      observer
        .addProducer({ producerId: producer.id })
        .catch((error: unknown) => log.debug({ err: error }, 'a track closed before it was listened to'));
    },
  };
}
