import type { NatsConnection } from '@nats-io/transport-node';

/** Whether the line to the broker is whole; while it is not, a question to the broker waits until it is given up. */
export type Line = { readonly isUp: boolean };

/** Watches the line for as long as the connection lives. */
export function watchLine(nats: Pick<NatsConnection, 'status'>): Line {
  const line = { isUp: true };
  void follow();
  return line;

  async function follow(): Promise<void> {
    for await (const { type } of nats.status()) {
      if (type === 'disconnect') line.isUp = false;
      if (type === 'reconnect') line.isUp = true;
    }
  }
}
