import type { TimelineItem } from '@parley/client/timeline/timeline';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { CallStage } from '../call/call-mount.js';
import { useCallHere } from '../call/use-call-here.js';
import { useEntry } from '../list/use-entry.js';
import { MembersPanel } from '../members/lazy-panel.js';
import { lazy } from '../parts/lazy.js';
import { useSelected, useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { Composer, type Writing } from './composer.js';
import { HoldBanner } from './hold-banner.js';
import { PinnedBar } from './pinned-bar.js';
import { ThreadHeader } from './thread-header.js';
import { TimelineView } from './timeline-view.js';
import { TypingLine } from './typing-line.js';
import './thread.css';
import './message.css';

const NO_PINS: readonly number[] = [];

const MessageInfo = lazy(() => import('./message-info.js').then((part) => part.MessageInfo));

type ThreadProps = { readonly conversationId: string; readonly onBack: () => void };

/** One conversation: who it is with, what was said, and the field to answer in. */
export function Thread({ conversationId, onBack }: ThreadProps) {
  const { client } = useSession();
  const timeline = useMemo(() => client.timeline(conversationId), [client, conversationId]);
  const details = useMemo(() => client.details(conversationId), [client, conversationId]);
  const detail = useStore(details);
  const entry = useEntry(conversationId);
  const isMember = useSelected(timeline, (each) => each.isMember);
  const isClosed = useSelected(timeline, (each) => each.isClosed);
  const isErased = useSelected(timeline, (each) => each.isErased);
  const [writing, write] = useState<Writing>({ tag: 'new' });
  const [asked, ask] = useState<TimelineItem>();
  const [showsPanel, showPanel] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const show = useRef<(seq?: number) => void>(() => undefined);
  useEffect(
    () => () => {
      timeline.close();
      details.close();
    },
    [timeline, details],
  );
  useEffect(() => {
    // On a phone the keyboard would cover what one came to read.
    if (matchMedia('(hover: hover)').matches) field.current?.focus();
  }, []);

  const call = useCallHere(conversationId);
  const known = detail ?? entry;
  const isRoom = known?.kind !== 'direct';
  const role = known?.role ?? 'member';
  const mayLead = !isRoom || role !== 'member';
  const { pins = NO_PINS } = detail ?? {};
  const hold = known?.hold;
  const mayPost = known?.kind !== 'channel' || role !== 'member';
  const begin = (next: Writing): void => {
    write(next);
    field.current?.focus();
  };
  const actions = useMemo(
    () => ({
      reply: (item: TimelineItem) => begin({ tag: 'reply', item }),
      edit: (item: TimelineItem) => begin({ tag: 'edit', item }),
      info: ask,
    }),
    [],
  );
  const editLast = (): void => {
    const mine = timeline
      .snapshot()
      .items.findLast(({ isMine, seq, body }) => isMine && seq !== undefined && body?.kind === 'text');
    if (mine !== undefined) begin({ tag: 'edit', item: mine });
  };

  return (
    <>
      <main class="thread">
        <ThreadHeader
          conversationId={conversationId}
          known={known}
          isErased={isErased}
          mayCall={isMember && !isClosed && !isErased}
          mayStartCall={mayPost}
          isPanelOpen={showsPanel}
          onPanel={() => showPanel(!showsPanel)}
          onBack={onBack}
        />
        <div class={`thread-rooms ${call === undefined ? '' : 'in-call'}`}>
          {call !== undefined && <CallStage session={call.session} />}
          {(call === undefined || call.hasMessages) && (
            <div class="thread-body">
              {hold !== undefined && !isErased && <HoldBanner hold={hold} />}
              {pins.length > 0 && !isErased && (
                <PinnedBar
                  timeline={timeline}
                  pins={pins}
                  mayUnpin={mayLead && !isClosed}
                  onJump={(seq) => show.current(seq)}
                />
              )}
              <TimelineView
                timeline={timeline}
                isRoom={isRoom}
                mayModerate={isRoom && mayLead}
                actions={actions}
                mayPin={mayLead && !isClosed}
                mayCall={isMember && !isClosed && mayPost}
                pins={pins}
                show={show}
              />
              <TypingLine conversationId={conversationId} />
              {isErased ? null : isMember && !isClosed && mayPost ? (
                <Composer
                  timeline={timeline}
                  writing={writing}
                  field={field}
                  onWriting={write}
                  onEditLast={editLast}
                  onSend={() => show.current()}
                  ttl={known?.ttl ?? null}
                />
              ) : (
                <p class="closed-note" role="status">
                  {!isMember
                    ? 'You are not a member of this conversation.'
                    : isClosed
                      ? 'This conversation is closed. It can still be read.'
                      : 'Only admins post in this channel.'}
                </p>
              )}
            </div>
          )}
        </div>
      </main>
      {showsPanel && !isErased && (
        <MembersPanel details={details} conversationId={conversationId} onClose={() => showPanel(false)} />
      )}
      {asked?.seq !== undefined && (
        <MessageInfo conversationId={conversationId} seq={asked.seq} onClose={() => ask(undefined)} />
      )}
    </>
  );
}
