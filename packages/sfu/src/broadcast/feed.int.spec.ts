import { createLog } from '@parley/infra/runtime/log';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RoomTrack } from '../room/rooms.js';
import { openTestRooms, opusParameters, type TestRooms, testCall } from '../testing/open-test-rooms.js';
import { openFeed } from './feed.js';
import { openStreams } from './streams.js';

let test: TestRooms;
beforeEach(async () => {
  test = await openTestRooms({ portMin: 46_000 });
  test.rooms.open(testCall);
});
afterEach(() => test.close());

it('takes a voice once, however fast it comes, goes and comes back', async () => {
  const media = await test.rooms.media(testCall.conversationId);
  if (media === undefined) throw new Error('there is no room');
  const source = await media.router.createDirectTransport();
  // More than there are places for.
  const producers = await Promise.all(
    [1, 2, 3, 4].map((ssrc) => source.produce({ kind: 'audio', rtpParameters: opusParameters(ssrc) })),
  );
  for (const [index, producer] of producers.entries())
    media.bring({ participant: 11 + index, user: `user${11 + index}`, source: 'mic', producer });
  const tracks = media.tracks();
  const taken: string[] = [];
  media.router.observer.on('newtransport', (transport) =>
    transport.observer.on('newconsumer', ({ producerId }) => taken.push(producerId)),
  );
  let speak: (participants: readonly number[]) => void = () => undefined;
  let shown: readonly RoomTrack[] = [];
  const streams = openStreams({ send: () => undefined, sendReport: () => undefined });
  const feed = await openFeed({
    media: {
      ...media,
      tracks: () => shown,
      onSpeakers: (listener) => {
        speak = listener;
        return () => undefined;
      },
    },
    source: 'mix',
    streams,
    log: createLog('feed', 'silent'),
  });
  try {
    shown = tracks;
    speak([11]);
    speak([12, 13, 14]);
    speak([11]);
    await waitFor(() => taken.length >= 4, { what: 'all voices to be taken' });
    expect(taken.filter((id) => id === producers[0]?.id)).toHaveLength(1);
  } finally {
    feed.close();
    streams.close();
  }
});
