import { gaugesIn } from '@parley/infra/runtime/gauges-in';
import { Counter, Histogram, type Registry } from 'prom-client';

export type VoiceMetrics = ReturnType<typeof voiceMetrics>;

/** What a gateway counts of calls, under the names that operators know. What is held now is asked for the gauges. */
export function voiceMetrics(
  registry: Registry,
  held: { readonly calls: () => number; readonly places: () => number },
) {
  const registers = [registry];
  const histogram = (name: string, help: string, buckets: readonly number[]) =>
    new Histogram({ name, help, buckets: [...buckets], registers });
  const gauge = gaugesIn(registry);
  gauge('voice_active_channels', 'Calls with a participant whose connection is here.', held.calls);
  gauge('voice_sessions', 'Participants of calls whose connection is here.', held.places);
  return {
    joins: new Counter({
      name: 'voice_joins_total',
      help: 'Times a connection entered a call as a participant, by how its media goes.',
      labelNames: ['topology'] as const,
      registers,
    }),
    session: histogram(
      'voice_session_seconds',
      'For how long a connection was in a call.',
      [1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400],
    ),
    signals: new Counter({
      name: 'voice_signals_total',
      help: 'Offers, answers, candidates and states that were relayed.',
      registers,
    }),
    errors: new Counter({
      name: 'voice_errors_total',
      help: 'Voice requests that were refused, by the tag of the refusal.',
      labelNames: ['reason'] as const,
      registers,
    }),
    moves: new Counter({
      name: 'voice_moves_total',
      help: 'Times a participant was told that media goes another way, by why.',
      labelNames: ['why'] as const,
      registers,
    }),
    lost: new Counter({
      name: 'voice_lost_total',
      help: 'Participants that nobody had heard of, and that are in no call any more.',
      registers,
    }),
    latency: histogram('voice_latency_ms', 'From mouth to ear, as clients report it.', MILLISECONDS),
    roundTrip: histogram(
      'voice_round_trip_ms',
      'Round trips of media, as clients report them.',
      MILLISECONDS,
    ),
    jitter: histogram('voice_jitter_ms', 'Jitter of what is received, as clients report it.', MILLISECONDS),
    gap: histogram(
      'voice_gap_ms',
      'How long voices were interrupted in 5 s, all of them together, as clients report it.',
      MILLISECONDS,
    ),
    loss: histogram(
      'voice_packet_loss_ratio',
      'Share of packets that were lost, as clients report it.',
      [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
    ),
  };
}

const MILLISECONDS = [5, 10, 20, 50, 100, 150, 250, 500, 1_000, 3_000, 10_000];
