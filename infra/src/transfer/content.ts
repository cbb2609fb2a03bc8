import type { LoggedEvent } from '@parley/domain/log/digest';
import type { Envelope } from '@parley/domain/log/envelope';
import { type Closed, closedIn } from '@parley/domain/sealing/closed';
import { isHollow, readSealedText } from '@parley/domain/sealing/sealed-text';

/** What is sealed in an event and not hollow, if anything. */
export function contentOf(event: Envelope): Closed | undefined {
  const closed = closedIn(event);
  const sealed = closed && readSealedText(closed.opaque);
  return sealed === undefined || isHollow(sealed) ? undefined : closed;
}

/** The event as the log has it, of whatever version, with something else sealed in it. */
export function withContent(json: LoggedEvent, opaque: string): LoggedEvent {
  const field = json.type.startsWith('message.') ? 'body' : 'title';
  return { ...json, data: { ...(json.data as object), [field]: opaque } };
}
