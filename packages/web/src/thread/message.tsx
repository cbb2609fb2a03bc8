import type { Timeline, TimelineItem } from '@parley/client/timeline/timeline';
import { useState } from 'preact/hooks';
import { Avatar } from '../parts/avatar.js';
import { Icon } from '../parts/icon.js';
import { hueOf } from '../parts/names.js';
import { clockOf, momentOf } from '../text/times.js';
import { LifeRing } from './life-ring.js';
import { MessageBody } from './message-body.js';
import { MessageTools } from './message-tools.js';
import { Reactions } from './reactions.js';
import { ReplyQuote } from './reply-quote.js';
import { writtenAt } from './rows.js';
import { Ticks } from './ticks.js';

export type MessageActions = {
  reply(item: TimelineItem): void;
  edit(item: TimelineItem): void;
  info(item: TimelineItem): void;
  jump(seq: number | undefined): void;
};

type MessageProps = {
  readonly item: TimelineItem;
  readonly begins: boolean;
  readonly ends: boolean;
  readonly isRoom: boolean;
  /** Whether Tab stops here; the arrow keys go to the others. */
  readonly isReachable: boolean;
  readonly mayModerate: boolean;
  readonly mayPin: boolean;
  readonly isPinned: boolean;
  readonly timeline: Timeline;
  readonly actions: MessageActions;
};

/**
 * One message, and what can be done with it while one points at it. It renders again with the list, on purpose: a Preact component
 * that skips a render (shouldComponentUpdate, memo) leaves the tree before it reachable, and a timeline that is scrolled would keep
 * every message it ever showed. A window of 200 is quick to render; only what is costly, reading the text, is remembered.
 */
export function Message(props: MessageProps) {
  const { item, begins, ends, isRoom, isReachable, mayModerate, mayPin, isPinned, timeline, actions } = props;
  const [isActive, setActive] = useState(false);
  const [isKept, keep] = useState(false);
  const { author, body, isMine, seq } = item;
  const at = writtenAt(item);
  const isEmote = body?.kind === 'text' && body.emote === true;
  const showsAuthor = isRoom && !isMine && begins && !isEmote;
  const form = `${isMine ? 'mine' : 'theirs'} ${begins ? 'begins' : ''} ${ends ? 'ends' : ''} ${isEmote ? 'emote' : ''}`;
  return (
    <article
      class={`message ${form} ${body === null ? 'deleted' : ''} ${isRoom ? 'in-room' : ''}`}
      data-key={item.key}
      data-seq={seq}
      data-ends={item.expiresAt}
      tabIndex={isReachable ? 0 : -1}
      aria-label={`${isMine ? 'You' : author}, ${clockOf(at)}`}
      onPointerEnter={({ pointerType }) => pointerType === 'mouse' && setActive(true)}
      onPointerLeave={({ pointerType }) => pointerType === 'mouse' && setActive(false)}
      onPointerUp={({ pointerType }) => pointerType === 'touch' && setActive(!isActive)}
      onFocusIn={() => setActive(true)}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) setActive(false);
      }}
    >
      {isRoom && !isMine && begins && <Avatar name={author} size="small" />}
      <div class="bubble">
        {showsAuthor && <span class={`author hue-${hueOf(author)}`}>{author}</span>}
        {item.replyTo !== undefined && (
          <ReplyQuote seq={item.replyTo} timeline={timeline} onJump={actions.jump} />
        )}
        <MessageBody item={item} />
        <span class="meta">
          {isPinned && (
            <span class="sign" role="img" aria-label="Pinned" title="Pinned">
              <Icon name="pin" />
            </span>
          )}
          {item.expiresAt !== undefined && <LifeRing from={item.at} expiresAt={item.expiresAt} />}
          {item.editedAt !== undefined && body !== null && (
            <span title={momentOf(item.editedAt)}>edited</span>
          )}
          <time dateTime={new Date(at).toISOString()} title={momentOf(at)}>
            {clockOf(at)}
          </time>
          {isMine && <Ticks item={item} onInfo={() => actions.info(item)} />}
        </span>
        {(isActive || isKept) && seq !== undefined && item.deletedAt === undefined && (
          <MessageTools
            item={item}
            seq={seq}
            timeline={timeline}
            actions={actions}
            mayDelete={isMine || mayModerate}
            mayPin={mayPin}
            isPinned={isPinned}
            onKeep={keep}
          />
        )}
      </div>
      {item.reactions !== undefined && item.reactions.length > 0 && seq !== undefined && (
        <Reactions reactions={item.reactions} seq={seq} timeline={timeline} />
      )}
      {item.progress === 'failed' && (
        <div class="failed" role="alert">
          <p>{item.refusal?.message ?? 'This was not sent.'}</p>
          <button type="button" class="text-button" onClick={() => timeline.retry(item.key)}>
            Send again
          </button>
          <button type="button" class="text-button" onClick={() => timeline.discard(item.key)}>
            Discard
          </button>
        </div>
      )}
    </article>
  );
}
