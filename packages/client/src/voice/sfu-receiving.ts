import type { ConsumerView, TrackSource, VoiceParams } from '@parley/domain/wire/voice';
import type { Consumer, RtpParameters, Transport } from 'mediasoup-client/types';
import { inPixels, keyOf, type Received, type Size } from './media-path.js';
import { type AskNode, isCut } from './node-line.js';
import { createWishes } from './wishes.js';

/** What comes from a node: a consumer for each track of the others. */
export type Receiving = {
  /** There is this to receive. */
  take(view: ConsumerView): void;
  /** There is what is answered, and nothing else: what a notice would have said that did not come is made up for. */
  whole(asked: Promise<readonly ConsumerView[]>): Promise<void>;
  ended(consumer: string): void;
  /** Whoever sends it has stopped, or goes on. */
  paused(consumer: string, isOff: boolean): void;
  shown(participant: number, source: TrackSource, size: Size | null): void;
  received(): readonly Received[];
  close(): void;
};

export type ReceivingOptions = {
  readonly transport: Promise<Transport>;
  readonly ask: AskNode;
  readonly onChange: () => void;
  readonly onLost: (error: unknown) => void;
};

/** `consumer` is not there yet where it is being made. */
type Heard = { readonly view: ConsumerView; isOff: boolean; consumer: Consumer | undefined };
/** What notices have said while an answer was waited for: whether the sender has stopped, of what is there, and what has ended. */
type News = { readonly off: Map<string, boolean>; readonly ended: Set<string> };
type Shown = Pick<VoiceParams<'voice.setConsumer'>, 'paused' | 'width' | 'height'>;

/** Voices come unless nobody listens; of pictures nothing comes until it is said how large they are shown, and then what fits. */
export function createReceiving({ transport, ask, onChange, onLost }: ReceivingOptions): Receiving {
  const heard = new Map<string, Heard>();
  const sizes = new Map<string, Size | null>();
  const waiting = new Set<News>();
  let isClosed = false;
  const wishes = createWishes<Shown>({
    ask: (consumer, shown) => ask('voice.setConsumer', { consumer, ...shown }),
    isSame: (one, other) =>
      one.paused === other.paused && one.width === other.width && one.height === other.height,
    passes: isCut,
    onRefused: (consumer) => drop(consumer),
  });

  async function receive(view: ConsumerView): Promise<void> {
    const { consumer: id, producer: producerId, kind, participant, source } = view;
    const before = heard.get(id);
    if (before !== undefined) {
      before.isOff = view.producerPaused;
      return onChange();
    }
    const each: Heard = { view, isOff: view.producerPaused, consumer: undefined };
    heard.set(id, each);
    const recv = await transport;
    const consumer = await recv.consume({
      id,
      producerId,
      kind,
      rtpParameters: view.rtpParameters as unknown as RtpParameters,
      // Tracks of one stream are kept in step: a voice with its face, a screen with its sound.
      streamId: `${participant}-${source === 'mic' || source === 'camera' ? 'self' : 'screen'}`,
    });
    // It ended meanwhile.
    if (heard.get(id) !== each) return consumer.close();
    each.consumer = consumer;
    wishes.begin(id, { paused: kind === 'video' });
    wishes.wish(id, shownOf(view));
    onChange();
  }

  function shownOf({ participant, source, kind }: ConsumerView): Shown {
    const size = sizes.get(keyOf(participant, source));
    if (kind === 'audio') return { paused: size === null };
    return size ? { paused: false, ...inPixels(size) } : { paused: true };
  }

  function drop(id: string): void {
    const each = heard.get(id);
    heard.delete(id);
    wishes.end(id);
    each?.consumer?.close();
    onChange();
  }

  const begin = (view: ConsumerView): void => void receive(view).catch(onLost);

  /** A notice may come before an answer that was made before it, and is newer then. */
  async function whole(asked: Promise<readonly ConsumerView[]>): Promise<void> {
    const news: News = { off: new Map(), ended: new Set() };
    waiting.add(news);
    try {
      const views = await asked;
      if (isClosed) return;
      const there = new Set(views.map(({ consumer }) => consumer));
      for (const id of heard.keys()) if (!there.has(id) && !news.off.has(id)) drop(id);
      for (const view of views) {
        const { consumer, producerPaused } = view;
        if (!news.ended.has(consumer))
          begin({ ...view, producerPaused: news.off.get(consumer) ?? producerPaused });
      }
    } finally {
      waiting.delete(news);
    }
  }

  function note(consumer: string, isOff: boolean): void {
    for (const { off } of waiting) off.set(consumer, isOff);
  }

  transport.catch(() => undefined);

  return {
    whole,
    take(view) {
      note(view.consumer, view.producerPaused);
      begin(view);
    },
    ended(consumer) {
      for (const { off, ended } of waiting) {
        off.delete(consumer);
        ended.add(consumer);
      }
      drop(consumer);
    },
    paused(consumer, isOff) {
      note(consumer, isOff);
      const each = heard.get(consumer);
      if (each === undefined) return;
      each.isOff = isOff;
      onChange();
    },
    shown(participant, source, size) {
      sizes.set(keyOf(participant, source), size);
      for (const [id, { view }] of heard)
        if (view.participant === participant && view.source === source) wishes.wish(id, shownOf(view));
    },
    received: () =>
      [...heard.values()].flatMap(({ consumer, view, isOff }): Received[] => {
        if (consumer?.rtpReceiver === undefined) return [];
        const { participant, source } = view;
        const { rtpReceiver: receiver, track } = consumer;
        const isPaused = isOff || shownOf(view).paused === true;
        return [{ participant, source, receiver, track, isOff, isPaused }];
      }),
    close() {
      isClosed = true;
      wishes.close();
      heard.clear();
    },
  };
}
