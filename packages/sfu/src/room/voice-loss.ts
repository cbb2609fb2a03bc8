import type { types } from 'mediasoup';

export type VoiceLoss = {
  /** The share of a consumer's packets that was reported as lost since it was looked at last; none at the first look. */
  lossSince(consumer: types.Consumer): Promise<number>;
};

type Counted = { readonly lost: number; readonly sent: number };

/** By the receiver's reports (RFC 3550, 6.4), which come every few seconds: between two of them nothing is lost. */
export function openVoiceLoss(): VoiceLoss {
  const counted = new WeakMap<types.Consumer, Counted>();
  return {
    async lossSince(consumer) {
      const stats = await consumer.getStats();
      const sent = stats.find(({ type }) => type === 'outbound-rtp');
      if (sent === undefined) return 0;
      const before = counted.get(consumer);
      const now = { lost: sent.packetsLost, sent: sent.packetCount };
      counted.set(consumer, now);
      return before === undefined ? 0 : shareLost(before, now);
    },
  };
}

function shareLost(before: Counted, now: Counted): number {
  const lost = now.lost - before.lost;
  return lost <= 0 ? 0 : Math.min(1, lost / Math.max(1, now.sent - before.sent));
}
