import type { NatsConnection } from '@nats-io/transport-node';
import type { Log } from '@parley/infra/runtime/log';
import type { NodeBeat } from '@parley/infra/voice/beat';
import { BEAT_MS, type Registry } from '@parley/infra/voice/registry';
import { ALIVE_SUBJECT } from '@parley/infra/voice/subjects';

/** Says every second that a node is there, in Redis and on NATS, which do not wait for each other. */
export type Beats = {
  /** Says so now; resolves when Redis has it, or is away. */
  beat(): Promise<void>;
  /** Says that the node goes. */
  leave(): Promise<void>;
};

export type BeatsOptions = {
  readonly nats: NatsConnection;
  readonly registry: Registry;
  /** Undefined: nothing is to be said now. */
  readonly say: () => NodeBeat | undefined;
  /** Redis is there again, or has lost what it had. */
  readonly onBack: () => void;
  readonly log: Log;
};

export function openBeats({ nats, registry, say, onBack, log }: BeatsOptions): Beats {
  let isAway = false;
  let isBeating = false;

  async function beat(): Promise<void> {
    const said = say();
    if (said === undefined) return;
    if (!nats.isClosed()) nats.publish(ALIVE_SUBJECT, JSON.stringify(said));
    if (isBeating) return;
    isBeating = true;
    try {
      const { isNew } = await registry.beat(said);
      if (isNew || isAway) onBack();
      isAway = false;
    } catch (error) {
      if (!isAway) log.warn({ err: error }, 'Redis does not hear that this node is there');
      isAway = true;
    } finally {
      isBeating = false;
    }
  }

  const timer = setInterval(() => void beat(), BEAT_MS);

  return {
    beat,
    async leave() {
      clearInterval(timer);
      const said = say();
      if (said === undefined) return;
      await registry.leave(said.node).catch((error: unknown) => {
        log.debug({ err: error }, 'Redis was not told that this node goes');
      });
    },
  };
}
