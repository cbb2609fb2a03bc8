import { openRawTransport, type RemoteTransport } from '@parley/infra/testing/media/raw-transport';
import type { Ticket } from '@parley/infra/voice/ticket';
import type { types } from 'mediasoup';
import type { TestRooms } from './open-test-rooms.js';

/** A participant who receives everything there is, and mediasoup's own objects of what they receive, by the ids of the producers. */
export async function watchRoom(test: TestRooms, ticket: Ticket) {
  const media = await test.rooms.media(ticket.conversationId);
  const received = new Map<string, types.Consumer>();
  media?.router.observer.on('newtransport', (transport) =>
    transport.observer.on('newconsumer', (consumer) => {
      if (transport.type === 'webrtc') received.set(consumer.producerId, consumer);
    }),
  );
  const { rtpCapabilities } = await test.must(ticket, 'voice.attach', {});
  const opened = await test.must(ticket, 'voice.openTransport', { direction: 'recv' });
  const { transport } = opened;
  const raw = await openRawTransport(opened as unknown as RemoteTransport, async (dtlsParameters) => {
    await test.must(ticket, 'voice.connectTransport', { transport, dtlsParameters });
  });
  await test.must(ticket, 'voice.receive', { transport, rtpCapabilities });
  return {
    received,
    /** Shows what they receive of a producer, at a size, or not. */
    async show(producer: string, change: { readonly paused?: boolean; readonly width?: number }) {
      const consumer = received.get(producer)?.id;
      await test.must(ticket, 'voice.setConsumer', { consumer, ...change });
    },
    close: () => raw.close(),
  };
}
