import type { VoiceParams } from '@parley/domain/wire/voice';
import type { VoiceMetrics } from './voice-metrics.js';

/** Counts how a call is heard at a client, as it says. */
export function noteReport(
  metrics: VoiceMetrics,
  { latencyMs, rttMs, jitterMs, gapMs, lossPerMille }: VoiceParams<'voice.report'>,
): void {
  if (latencyMs !== undefined) metrics.latency.observe(latencyMs);
  if (rttMs !== undefined) metrics.roundTrip.observe(rttMs);
  if (jitterMs !== undefined) metrics.jitter.observe(jitterMs);
  if (gapMs !== undefined) metrics.gap.observe(gapMs);
  if (lossPerMille !== undefined) metrics.loss.observe(lossPerMille / 1_000);
}
