import type { Timeline, TimelineItem } from '@parley/client/timeline/timeline';
import { type Body, MAX_BODY_BYTES } from '@parley/domain/conversation/body';
import { utf8Length } from '@parley/domain/text';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { EmojiPicker } from '../emoji/lazy-picker.js';
import { Icon } from '../parts/icon.js';
import { PopoverButton } from '../parts/popover-button.js';
import { sayWhy } from '../parts/toasts.js';
import { useSession } from '../session/session-context.js';
import { lifeOf } from '../text/times.js';
import { draftOf, keepDraft } from './drafts.js';
import { refuseFiles } from './dropped-files.js';
import { LifeMenu } from './life-menu.js';
import { lineOf } from './reply-quote.js';

/** What the field is for: a message, an answer to one, or another text for one of mine. */
export type Writing =
  | { readonly tag: 'new' }
  | { readonly tag: 'reply'; readonly item: TimelineItem }
  | { readonly tag: 'edit'; readonly item: TimelineItem };

type ComposerProps = {
  readonly timeline: Timeline;
  readonly writing: Writing;
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly onWriting: (writing: Writing) => void;
  readonly onEditLast: () => void;
  /** Before a new message is sent. */
  readonly onSend: () => void;
  readonly ttl: number | null;
};

/** The field at the bottom: it grows, Enter sends, and what was begun is there again later. */
export function Composer({ timeline, writing, field, onWriting, onEditLast, onSend, ttl }: ComposerProps) {
  const { client } = useSession();
  const { conversationId } = timeline;
  const [text, setText] = useState(() => draftOf(client.user, conversationId));
  /** A shorter life than the conversation's, for the next message alone. */
  const [chosenLife, setLife] = useState<number>();
  const life = chosenLife !== undefined && (ttl === null || chosenLife < ttl) ? chosenLife : undefined;
  const bytes = text.length * 3 > MAX_BODY_BYTES ? utf8Length(text) : 0;
  const isTooLong = bytes > MAX_BODY_BYTES;
  const canSend = text.trim() !== '' && !isTooLong;

  const change = (next: string): void => {
    setText(next);
    if (writing.tag === 'edit') return;
    keepDraft(client.user, conversationId, next);
    timeline.typing(next.trim() !== '');
  };
  const insert = (piece: string): void => {
    const { selectionStart = text.length, selectionEnd = text.length } = field.current ?? {};
    change(text.slice(0, selectionStart) + piece + text.slice(selectionEnd));
    field.current?.focus();
  };
  const cancel = (): void => {
    onWriting({ tag: 'new' });
    if (writing.tag === 'edit') setText(draftOf(client.user, conversationId));
  };
  const send = (): void => {
    if (!canSend) return;
    const body = bodyOf(text.trim());
    if (writing.tag === 'edit') {
      if (writing.item.seq !== undefined) void timeline.edit(writing.item.seq, body).catch(sayWhy);
      return cancel();
    }
    const replyTo = writing.tag === 'reply' ? writing.item.seq : undefined;
    onSend();
    timeline.send({
      body,
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(life === undefined ? {} : { ttl: life }),
    });
    setLife(undefined);
    change('');
    onWriting({ tag: 'new' });
  };

  const { expiresAt } = writing.tag === 'new' ? {} : writing.item;
  const stop = useRef(cancel);
  stop.current = cancel;
  // Nobody answers or edits what is not there any more, nor keeps a copy of it in the field.
  useEffect(
    () => (expiresAt === undefined ? undefined : client.onEnd(expiresAt, () => stop.current())),
    [expiresAt],
  );
  // Before the next key is typed.
  useLayoutEffect(() => {
    if (writing.tag === 'edit' && writing.item.body?.kind === 'text') setText(writing.item.body.text);
  }, [writing]);
  useLayoutEffect(() => {
    const area = field.current;
    if (area === null) return;
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDrop={(event) => {
        event.preventDefault();
        refuseFiles([...(event.dataTransfer?.files ?? [])], insert);
      }}
    >
      {writing.tag !== 'new' && (
        <div class="writing">
          <Icon name={writing.tag === 'edit' ? 'edit' : 'reply'} />
          <p>
            <strong>{writing.tag === 'edit' ? 'Edit message' : `Reply to ${writing.item.author}`}</strong>
            <span dir="auto">{lineOf(writing.item)}</span>
          </p>
          <button type="button" class="icon-button" aria-label="Cancel" onClick={cancel}>
            <Icon name="close" />
          </button>
        </div>
      )}
      {life !== undefined && writing.tag !== 'edit' && (
        <div class="writing" role="status">
          <Icon name="timer" />
          <p>
            <strong>Gone {lifeOf(life)} after it is sent</strong>
          </p>
          <button
            type="button"
            class="icon-button"
            aria-label="As long as the others"
            onClick={() => setLife(undefined)}
          >
            <Icon name="close" />
          </button>
        </div>
      )}
      <div class="compose-row">
        <PopoverButton label="Emoji" kind="panel" class="icon-button" face={<Icon name="smile" />}>
          {(close) => (
            <EmojiPicker
              onPicked={(emoji) => {
                close();
                insert(emoji);
              }}
            />
          )}
        </PopoverButton>
        <textarea
          ref={field}
          id="compose"
          rows={1}
          dir="auto"
          value={text}
          placeholder={ttl === null ? 'Message' : `Message, gone after ${lifeOf(ttl)}`}
          aria-label="Message"
          aria-invalid={isTooLong}
          aria-describedby="compose-hint"
          onInput={({ currentTarget }) => change(currentTarget.value)}
          onBlur={() => timeline.typing(false)}
          onPaste={(event) => {
            const files = [...(event.clipboardData?.files ?? [])];
            if (files.length === 0) return;
            event.preventDefault();
            refuseFiles(files, insert);
          }}
          onKeyDown={(event) => {
            if (event.isComposing) return;
            if (event.key === 'Enter' && !event.shiftKey) {
              event.preventDefault();
              send();
            }
            if (event.key === 'ArrowUp' && text === '') {
              event.preventDefault();
              onEditLast();
            }
            if (event.key === 'Escape' && writing.tag !== 'new') {
              event.stopPropagation();
              cancel();
            }
          }}
        />
        {writing.tag !== 'edit' && <LifeMenu ttl={ttl} life={life} onChosen={setLife} />}
        <button
          type="submit"
          class="send"
          aria-label={writing.tag === 'edit' ? 'Save' : 'Send'}
          disabled={!canSend}
        >
          <Icon name={writing.tag === 'edit' ? 'check' : 'send'} />
        </button>
      </div>
      <p id="compose-hint" class={isTooLong ? 'compose-hint problem' : 'compose-hint'} role="status">
        {bytes > MAX_BODY_BYTES * 0.9 &&
          `${bytes.toLocaleString()} of ${MAX_BODY_BYTES.toLocaleString()} bytes${isTooLong ? ': too long to send, shorten or split it' : ''}`}
      </p>
    </form>
  );
}

/** `/me waves` is something done; `/me` alone is as good a text as any. */
const bodyOf = (text: string): Body =>
  text.startsWith('/me ')
    ? { kind: 'text', text: text.slice(4).trimStart(), emote: true }
    : { kind: 'text', text };
