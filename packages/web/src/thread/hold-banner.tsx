import type { ConversationView } from '@parley/domain/wire/views';
import { Icon } from '../parts/icon.js';
import { momentOf } from '../text/times.js';

/** Says to everybody in a conversation that nothing of it is erased for now, why, and since when. */
export function HoldBanner({ hold }: { readonly hold: NonNullable<ConversationView['hold']> }) {
  return (
    <section class="hold-banner" aria-label="Legal hold">
      <Icon name="shield" />
      <p>
        <strong>On legal hold: </strong>
        <bdi>{hold.reason}</bdi>
        <span class="hold-line">
          Nothing is erased until it is lifted. By {hold.by} since{' '}
          <time dateTime={new Date(hold.since).toISOString()}>{momentOf(hold.since)}</time>.
        </span>
      </p>
    </section>
  );
}
