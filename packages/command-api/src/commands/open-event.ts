import { closeJson } from '@parley/domain/conversation/body';
import type { Envelope } from '@parley/domain/log/envelope';
import { closedIn, withClosed } from '@parley/domain/sealing/closed';
import type { Vault } from '@parley/infra/vault/vault';

/** A stored event as it was decided; where its body or title cannot be opened, as it is stored. */
export async function openEvent(vault: Pick<Vault, 'open'>, event: Envelope): Promise<Envelope> {
  const closed = closedIn(event);
  if (closed === undefined) return event;
  const [opened] = await vault.open([closed]);
  return opened?.tag === 'open' ? withClosed(event, closeJson(opened.json)) : event;
}
