import { gaugesIn } from '@parley/infra/runtime/gauges-in';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { Gateway } from './gateway.js';

export type GatewayMetrics = ReturnType<typeof gatewayMetrics>;

/** What a gateway counts. Gauges are read when they are asked for. */
export function gatewayMetrics(registry: Registry) {
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name: `parley_gateway_${name}`, help, labelNames, registers: [registry] });
  return {
    registry,
    framesIn: counter('frames_in_total', 'Frames received.'),
    framesOut: counter('frames_out_total', 'Frames sent to one connection: answers, past events, notices.'),
    published: counter('events_published_total', 'Events published, each once for all its connections here.'),
    deliveries: counter('deliveries_total', 'Live frames handed to connections.'),
    closed: counter('closed_total', 'Connections closed by us, by reason.', 'why'),
    slowReaders: counter('slow_readers_total', 'Connections closed because their buffer was full.'),
    resyncs: counter(
      'resyncs_total',
      'Times a client was told to read a conversation anew, by reason.',
      'reason',
    ),
    gaps: counter('gaps_total', 'Times live events were missing and fetched.'),
    refusals: counter('refusals_total', 'Requests refused by the gateway itself.', 'tag'),
    limited: counter(
      'limited_total',
      'Requests refused because they came too fast, by what and of whom.',
      'what',
      'of',
    ),
    leftOut: counter(
      'signs_left_out_total',
      'Frames of typing, presence or who speaks not sent to a slow reader.',
      'what',
    ),
    rpcSeconds: new Histogram({
      name: 'parley_gateway_rpc_seconds',
      help: 'Time until command-api answered.',
      labelNames: ['method', 'outcome'] as const,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10],
      registers: [registry],
    }),
  };
}

/** Gauges of what a gateway holds now. */
export function gaugeGateway({ metrics, sessions, people, hubs, presence }: Gateway): void {
  const inRegistry = gaugesIn(metrics.registry);
  const gauge = (name: string, help: string, read: () => number): void =>
    inRegistry(`parley_gateway_${name}`, help, read);
  gauge('connections', 'Open sockets.', () => sessions.size);
  gauge('sessions', 'Sockets with an open session.', () => count(sessions, ({ isOpen }) => isOpen));
  gauge('people', 'People with a session here, or who left a moment ago.', () => people.size);
  gauge('hubs', 'Conversations with a member here.', () => hubs.size);
  gauge('presence_known', '1 while Redis says who is there, 0 while it is away.', () =>
    Number(presence.isKnown),
  );
  gauge('presence_watched', 'Users whose presence is watched here.', () => presence.watched);
  gauge('presence_waiting', 'People whose presence waits to be put into Redis.', () => presence.waiting);
  gauge('buffered_bytes', 'Bytes that wait to be taken by their readers.', () => {
    let bytes = 0;
    for (const { socket } of sessions) bytes += socket?.getBufferedAmount() ?? 0;
    return bytes;
  });
}

function count<A>(items: Iterable<A>, fits: (item: A) => boolean): number {
  let found = 0;
  for (const item of items) if (fits(item)) found++;
  return found;
}
