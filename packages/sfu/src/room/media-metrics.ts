import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type MediaMetrics = ReturnType<typeof mediaMetrics>;

/** What a node counts of its media, under the names that operators know. Gauges are set by {@link sampleMedia}. */
export function mediaMetrics(registry: Registry) {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  return {
    channels: gauge('voice_active_channels', 'Calls whose media goes by this node.'),
    users: gauge('voice_active_users', 'Participants attached to this node.'),
    transports: gauge('voice_transports', 'WebRTC transports open.'),
    producers: gauge('voice_producers', 'Tracks received.'),
    consumers: gauge('voice_consumers', 'Tracks forwarded, each once for each receiver.'),
    bitrate: new Gauge({
      name: 'voice_bitrate_bits_per_second',
      help: 'Media received and sent, as of the last look at each transport.',
      labelNames: ['direction'] as const,
      registers,
    }),
    joins: new Counter({ name: 'voice_joins_total', help: 'Participants that attached.', registers }),
    errors: new Counter({
      name: 'voice_errors_total',
      help: 'Refused requests by their tag, and what failed by itself: ice, dtls, consume, worker.',
      labelNames: ['reason'] as const,
      registers,
    }),
    session: new Histogram({
      name: 'voice_session_seconds',
      help: 'For how long a participant was attached.',
      buckets: [1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400],
      registers,
    }),
    loss: new Histogram({
      name: 'voice_packet_loss_ratio',
      help: 'Share of packets lost, of transports looked at in turn.',
      labelNames: ['direction'] as const,
      buckets: [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5],
      registers,
    }),
    jitter: new Histogram({
      name: 'voice_jitter_ms',
      help: 'Jitter of tracks received, looked at in turn.',
      buckets: [1, 2, 5, 10, 20, 30, 50, 100, 200, 500],
      registers,
    }),
    roundTrip: new Histogram({
      name: 'voice_round_trip_ms',
      help: 'Round trip between a participant and this node, of tracks looked at in turn.',
      buckets: [1, 2, 5, 10, 20, 50, 100, 150, 200, 300, 500, 1_000],
      registers,
    }),
  };
}
