import type { VoiceParams } from '@parley/domain/wire/voice';
import type { CallQuality } from './call-types.js';

/** How the call is heard, as `voice.report` tells it. */
export type Heard = Omit<VoiceParams<'voice.report'>, 'conversationId' | 'call'>;

type Counters = {
  received: number;
  lost: number;
  interruptedS: number;
  bufferedS: number;
  emitted: number;
};

type Inbound = {
  readonly type: string;
  readonly kind?: string;
  readonly ssrc?: number;
  readonly packetsReceived?: number;
  readonly packetsLost?: number;
  readonly jitter?: number;
  readonly totalInterruptionDuration?: number;
  readonly jitterBufferDelay?: number;
  readonly jitterBufferEmittedCount?: number;
  readonly currentRoundTripTime?: number;
  readonly nominated?: boolean;
  readonly state?: string;
};

/** Measures what has come in over these connections since it was asked last. */
export function createHearing(): (connections: readonly RTCPeerConnection[]) => Promise<Heard> {
  let last: Counters = nothing();
  return async (connections) => {
    const reports = await Promise.all(connections.map((each) => each.getStats().catch(() => undefined)));
    const now = nothing();
    let rtt = 0;
    let jitter = 0;
    for (const report of reports)
      report?.forEach((each: Inbound) => {
        if (each.type === 'candidate-pair' && each.state === 'succeeded')
          rtt = Math.max(rtt, each.currentRoundTripTime ?? 0);
        if (each.type !== 'inbound-rtp' || each.kind !== 'audio') return;
        now.received += each.packetsReceived ?? 0;
        now.lost += Math.max(0, each.packetsLost ?? 0);
        now.interruptedS += each.totalInterruptionDuration ?? 0;
        now.bufferedS += each.jitterBufferDelay ?? 0;
        now.emitted += each.jitterBufferEmittedCount ?? 0;
        jitter = Math.max(jitter, each.jitter ?? 0);
      });
    const since = (counter: keyof Counters): number => Math.max(0, now[counter] - last[counter]);
    const all = since('received') + since('lost');
    const buffered = since('emitted') === 0 ? 0 : (since('bufferedS') / since('emitted')) * 1_000;
    const heard = {
      rttMs: ms(rtt * 1_000),
      latencyMs: ms((rtt * 1_000) / 2 + buffered),
      jitterMs: ms(jitter * 1_000),
      lossPerMille: all === 0 ? 0 : Math.min(1_000, Math.round((since('lost') / all) * 1_000)),
      gapMs: ms(since('interruptedS') * 1_000),
    };
    last = now;
    return heard;
  };
}

/** A voice of Opus with error correction is whole up to some 3 % of loss, and understood up to 10 %. */
export function qualityOf({ lossPerMille = 0, jitterMs = 0, rttMs = 0 }: Heard): CallQuality {
  if (lossPerMille > 100 || jitterMs > 100 || rttMs > 800) return 'poor';
  return lossPerMille > 30 || jitterMs > 40 || rttMs > 400 ? 'fair' : 'good';
}

const nothing = (): Counters => ({ received: 0, lost: 0, interruptedS: 0, bufferedS: 0, emitted: 0 });

const ms = (value: number): number => Math.min(600_000, Math.max(0, Math.round(value)));
