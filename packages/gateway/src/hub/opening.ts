import type { Opened } from '@parley/domain/sealing/opened';
import { openEach } from '@parley/infra/vault/open-each';
import type { Gateway } from '../gateway.js';
import { within } from '../within.js';
import type { Hub } from './hub.js';
import { bodyOf, type HubEvent, hubEvent, type StoredEvent } from './hub-event.js';

/** Events of one conversation that may wait for a secret; with one more all of them go as they are. */
export const MAX_WAITING = 256;

/** Milliseconds that an event waits for a secret at most. */
export const PATIENCE_MS = 2_000;

const LOCKED: Opened = { tag: 'locked' };

/** What is needed of a gateway. */
type Opening = Pick<Gateway, 'vault'>;

/** What is done with an event once it is opened. Must not throw. */
type Deliver<G> = (gateway: G, hub: Hub, event: HubEvent) => void;

/**
 * Opens the events of a conversation, each once however many hear it, and hands them on in order: at once where their secrets are
 * known here, else once these are read. What cannot be opened in time goes as `locked`. Other conversations do not wait.
 */
export function openInOrder<G extends Opening>(
  gateway: G,
  hub: Hub,
  stored: StoredEvent,
  deliver: Deliver<G>,
): void {
  if (hub.opening !== undefined) return wait(gateway, hub, hub.opening, stored, deliver);
  const body = bodyOf(stored);
  const opened = body && gateway.vault.openNow(body);
  if (body === undefined || opened !== undefined) return deliver(gateway, hub, hubEvent(stored, opened));
  hub.opening = [stored];
  void openWaiting(gateway, hub, hub.opening, deliver);
}

function wait<G extends Opening>(
  gateway: G,
  hub: Hub,
  waiting: StoredEvent[],
  stored: StoredEvent,
  deliver: Deliver<G>,
): void {
  waiting.push(stored);
  if (waiting.length <= MAX_WAITING) return;
  hub.opening = undefined;
  for (const each of waiting) deliver(gateway, hub, hubEvent(each, LOCKED));
}

async function openWaiting<G extends Opening>(
  gateway: G,
  hub: Hub,
  waiting: StoredEvent[],
  deliver: Deliver<G>,
): Promise<void> {
  while (waiting.length > 0) {
    const first = waiting.slice();
    const opening = openEach(gateway.vault, first.map(bodyOf));
    const opened = (await within(opening, PATIENCE_MS)) ? await opening : [];
    // So many came meanwhile that all of them went.
    if (hub.opening !== waiting) return;
    waiting.splice(0, first.length);
    if (waiting.length === 0) hub.opening = undefined;
    for (const [index, each] of first.entries())
      deliver(gateway, hub, hubEvent(each, opened[index] ?? LOCKED));
  }
}
