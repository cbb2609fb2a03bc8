import type { Progress, TimelineItem } from '@parley/client/timeline/timeline';
import { Icon, type IconName } from '../parts/icon.js';

const signs: Readonly<Record<Progress, readonly [icon: IconName, words: string]>> = {
  pending: ['clock', 'Waiting to be sent'],
  failed: ['alert', 'Not sent'],
  sent: ['check', 'Sent'],
  delivered: ['checks', 'Delivered'],
  read: ['checks', 'Read'],
};

/** How far a message of mine has come; in the log, a way to who has it. */
export function Ticks({
  item: { progress, seq },
  onInfo,
}: {
  readonly item: TimelineItem;
  readonly onInfo: () => void;
}) {
  const [icon, words] = signs[progress];
  if (seq === undefined)
    return (
      <span class={`ticks ${progress}`} role="img" aria-label={words} title={words}>
        <Icon name={icon} />
      </span>
    );
  return (
    <button
      type="button"
      class={`ticks ${progress}`}
      aria-label={`${words}; who has it`}
      title={words}
      tabIndex={-1}
      onClick={onInfo}
    >
      <Icon name={icon} />
    </button>
  );
}
