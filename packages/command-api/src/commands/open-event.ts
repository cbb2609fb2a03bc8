import type { Envelope } from '@parley/domain/log/envelope';
import { bodyIn, withBody } from '@parley/domain/sealing/closed';
import type { Vault } from '@parley/infra/vault/vault';

/** A stored event as it was decided; where its body cannot be opened, as it is stored. */
export async function openEvent(vault: Pick<Vault, 'open'>, event: Envelope): Promise<Envelope> {
  const closed = bodyIn(event);
  if (closed === undefined) return event;
  const [opened] = await vault.open([closed]);
  return opened?.tag === 'open' ? withBody(event, `p0.${opened.json}`) : event;
}
