import type { VoiceParams } from '@parley/domain/wire/voice';
import type { CallQuality } from './call-types.js';

/** How the call is heard, as `voice.report` tells it. */
export type Heard = Omit<VoiceParams<'voice.report'>, 'conversationId' | 'call'>;

export type Hearing = {
  readonly heard: Heard;
  /** Of all voices together. */
  readonly quality: CallQuality;
  /** Of each voice, by the id of its track. */
  readonly byTrack: ReadonlyMap<string, CallQuality>;
};

/** How a voice came through meanwhile. */
type Passed = {
  readonly received: number;
  readonly lost: number;
  readonly jitterMs: number;
  readonly rttMs: number;
};

type Counters = {
  readonly received: number;
  readonly lost: number;
  readonly interruptedS: number;
  readonly bufferedS: number;
  readonly emitted: number;
};

type Stats = {
  readonly type: string;
  readonly kind?: string;
  readonly trackIdentifier?: string;
  readonly packetsReceived?: number;
  readonly packetsLost?: number;
  readonly jitter?: number;
  readonly totalInterruptionDuration?: number;
  readonly jitterBufferDelay?: number;
  readonly jitterBufferEmittedCount?: number;
  readonly currentRoundTripTime?: number;
  readonly state?: string;
};

/** Fewer packets, as of who is silent (Opus DTX: one in 400 ms), say nothing about loss: a second of a voice has 50. */
const ENOUGH = 50;

const NOTHING: Counters = { received: 0, lost: 0, interruptedS: 0, bufferedS: 0, emitted: 0 };

/** Measures what has come in over these connections since it was asked last. */
export function createHearing(): (
  connections: readonly Pick<RTCPeerConnection, 'getStats'>[],
) => Promise<Hearing> {
  let last: ReadonlyMap<string, Counters> = new Map();
  return async (connections) => {
    const reports = await Promise.all(connections.map((each) => each.getStats().catch(() => undefined)));
    const now = new Map<string, Counters>();
    const byTrack = new Map<string, CallQuality>();
    let sum = NOTHING;
    let [rtt, jitter] = [0, 0];
    for (const report of reports) {
      const all: readonly Stats[] = [...(report ?? new Map()).values()];
      const rttS = Math.max(0, ...all.map(roundTrip));
      rtt = Math.max(rtt, rttS);
      for (const each of all) {
        if (each.type !== 'inbound-rtp' || each.kind !== 'audio') continue;
        const track = each.trackIdentifier ?? '';
        const counters = countersOf(each);
        const passed = since(last.get(track) ?? NOTHING, counters);
        now.set(track, counters);
        sum = add(sum, passed);
        jitter = Math.max(jitter, each.jitter ?? 0);
        byTrack.set(
          track,
          qualityOf({ ...passed, jitterMs: (each.jitter ?? 0) * 1_000, rttMs: rttS * 1_000 }),
        );
      }
    }
    last = now;
    const buffered = sum.emitted === 0 ? 0 : (sum.bufferedS / sum.emitted) * 1_000;
    const [rttMs, jitterMs] = [ms(rtt * 1_000), ms(jitter * 1_000)];
    const heard = {
      rttMs,
      latencyMs: ms((rtt * 1_000) / 2 + buffered),
      jitterMs,
      lossPerMille: Math.min(1_000, Math.round(1_000 * lossOf(sum))),
      gapMs: ms(sum.interruptedS * 1_000),
    };
    return { heard, quality: qualityOf({ ...sum, jitterMs, rttMs }), byTrack };
  };
}

/** A voice of Opus with error correction is whole up to some 3 % of loss, and understood up to 10 %. */
export function qualityOf({ received, lost, jitterMs, rttMs }: Passed): CallQuality {
  const loss = received + lost < ENOUGH ? 0 : lossOf({ received, lost });
  if (loss > 0.1 || jitterMs > 100 || rttMs > 800) return 'poor';
  return loss > 0.03 || jitterMs > 40 || rttMs > 400 ? 'fair' : 'good';
}

const lossOf = ({ received, lost }: Pick<Passed, 'received' | 'lost'>): number =>
  received + lost === 0 ? 0 : lost / (received + lost);

const roundTrip = ({ type, state, currentRoundTripTime = 0 }: Stats): number =>
  type === 'candidate-pair' && state === 'succeeded' ? currentRoundTripTime : 0;

const countersOf = (each: Stats): Counters => ({
  received: each.packetsReceived ?? 0,
  lost: Math.max(0, each.packetsLost ?? 0),
  interruptedS: each.totalInterruptionDuration ?? 0,
  bufferedS: each.jitterBufferDelay ?? 0,
  emitted: each.jitterBufferEmittedCount ?? 0,
});

const combine =
  (join: (one: number, other: number) => number) =>
  (one: Counters, other: Counters): Counters => ({
    received: join(one.received, other.received),
    lost: join(one.lost, other.lost),
    interruptedS: join(one.interruptedS, other.interruptedS),
    bufferedS: join(one.bufferedS, other.bufferedS),
    emitted: join(one.emitted, other.emitted),
  });

const add = combine((one, other) => one + other);
const since = combine((before, now) => Math.max(0, now - before));

const ms = (value: number): number => Math.min(600_000, Math.max(0, Math.round(value)));
