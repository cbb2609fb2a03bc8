import type { Timeline, TimelineItem } from '@parley/client/timeline/timeline';
import { EmojiPicker } from '../emoji/lazy-picker.js';
import { Icon } from '../parts/icon.js';
import { Menu, type MenuItem } from '../parts/menu.js';
import { PopoverButton } from '../parts/popover-button.js';
import { say, sayWhy } from '../parts/toasts.js';
import type { MessageActions } from './message.js';

type MessageToolsProps = {
  readonly item: TimelineItem;
  readonly seq: number;
  readonly timeline: Timeline;
  readonly actions: MessageActions;
  readonly mayDelete: boolean;
  readonly mayPin: boolean;
  readonly isPinned: boolean;
  /** Keeps the tools while something of theirs is open. */
  readonly onKeep: (isKept: boolean) => void;
};

/** What can be done with a message. */
export function MessageTools(props: MessageToolsProps) {
  const { item, seq, timeline, actions, mayDelete, mayPin, isPinned, onKeep } = props;
  const text = item.body?.kind === 'text' ? item.body.text : undefined;
  const react = (emoji: string): void => {
    const isMine = item.reactions?.some((each) => each.emoji === emoji && each.mine) ?? false;
    void timeline.react(seq, emoji, isMine).catch(sayWhy);
  };
  const more: readonly (MenuItem | false)[] = [
    item.isMine && text !== undefined && { label: 'Edit', icon: 'edit', run: () => actions.edit(item) },
    text !== undefined && {
      label: 'Copy text',
      icon: 'copy',
      run: () =>
        void navigator.clipboard.writeText(text).then(
          () => say('Copied.'),
          () => say('The browser does not let this page copy.', 'problem'),
        ),
    },
    mayPin && {
      label: isPinned ? 'Unpin' : 'Pin',
      icon: 'pin',
      run: () => void (isPinned ? timeline.unpin(seq) : timeline.pin(seq)).catch(sayWhy),
    },
    { label: 'Who has it', icon: 'info', run: () => actions.info(item) },
    mayDelete && {
      label: 'Delete for everyone',
      icon: 'trash',
      isDangerous: true,
      run: () => void timeline.remove(seq).catch(sayWhy),
    },
  ];
  return (
    <div class="tools" role="toolbar" aria-label="Message actions">
      <button type="button" class="icon-button" aria-label="Like" title="Like" onClick={() => react('👍')}>
        <span aria-hidden="true">👍</span>
      </button>
      <PopoverButton
        label="React"
        kind="panel"
        class="icon-button"
        face={<Icon name="smile" />}
        onToggle={onKeep}
      >
        {(close) => (
          <EmojiPicker
            onPicked={(emoji) => {
              close();
              react(emoji);
            }}
          />
        )}
      </PopoverButton>
      <button
        type="button"
        class="icon-button"
        aria-label="Reply"
        title="Reply"
        onClick={() => actions.reply(item)}
      >
        <Icon name="reply" />
      </button>
      <Menu label="More" icon="more" items={more.filter((each) => each !== false)} onToggle={onKeep} />
    </div>
  );
}
