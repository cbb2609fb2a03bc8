import type { ParleyClient } from '@parley/client/parley-client';
import type { Progress, TimelineItem } from '@parley/client/timeline/timeline';
import type { PresenceView } from '@parley/domain/wire/presence';
import type { paints } from '../terminal/print.js';
import { shownText } from './lines.js';

/** What is true of a conversation just now, beside its messages. */
export type Status = {
  /** The others who type. */
  readonly typing: readonly string[];
  /** How the other is there, where there is one other. */
  readonly presence?: PresenceView;
  /** How far my newest message has come. */
  readonly progress?: Progress;
};

export type StatusLine = {
  status(): Status;
  /** What is being typed here: the others are told. */
  typed(line: string): void;
  close(): void;
};

/** Keeps up what is true of a conversation; `onChange` is called after each change. */
export function followStatus(client: ParleyClient, conversationId: string, onChange: () => void): StatusLine {
  const timeline = client.timeline(conversationId, { windowSize: 50, pageSize: 20 });
  const details = client.details(conversationId);
  const typing = client.typing(conversationId);
  let presence: ReturnType<ParleyClient['presence']> | undefined;
  let offPresence = (): void => undefined;

  function findOther(): void {
    const detail = details.snapshot();
    const others = detail?.members.filter(({ user }) => user !== client.user) ?? [];
    const [other] = others;
    if (presence !== undefined || detail?.memberCount !== 2 || other === undefined) return;
    presence = client.presence(other.user);
    offPresence = presence.subscribe(onChange);
  }

  const offs = [
    timeline.subscribe(onChange),
    typing.subscribe(onChange),
    details.subscribe(() => {
      findOther();
      onChange();
    }),
  ];
  findOther();

  return {
    status() {
      const mine = timeline.snapshot().items.findLast(({ isMine }: TimelineItem) => isMine);
      return {
        typing: typing.snapshot(),
        ...(presence === undefined ? {} : { presence: presence.snapshot() }),
        ...(mine === undefined ? {} : { progress: mine.progress }),
      };
    },
    typed: (line) => timeline.typing(line !== '' && !line.startsWith('/')),
    close() {
      for (const off of offs) off();
      offPresence();
      details.close();
      timeline.close();
    },
  };
}

/** How often ticks are shown: on its way, in the log, received, read. */
const ticks: Readonly<Record<Progress, string>> = {
  pending: '…',
  failed: '✗',
  sent: '✓',
  delivered: '✓✓',
  read: '✓✓ read',
};

/** The status in a few words, for the prompt; empty when there is nothing to say. */
export function statusText({ typing, presence, progress }: Status, paint: ReturnType<typeof paints>): string {
  const parts = [
    typing.length > 0 ? paint.green(typingText(typing)) : presenceText(presence, paint),
    progress === undefined ? undefined : paint.dim(ticks[progress]),
  ];
  return parts.filter((part) => part !== undefined).join(' ');
}

function typingText(typing: readonly string[]): string {
  const [first = '', second = ''] = typing.map(shownText);
  if (typing.length === 1) return `${first} is typing…`;
  return typing.length === 2 ? `${first} and ${second} are typing…` : `${typing.length} are typing…`;
}

function presenceText(
  presence: PresenceView | undefined,
  paint: ReturnType<typeof paints>,
): string | undefined {
  if (presence === undefined || presence.status === 'unknown') return undefined;
  const user = shownText(presence.user);
  if (presence.status !== 'offline') return paint.dim(`${user} is ${presence.status}`);
  const { lastSeenAt } = presence;
  if (lastSeenAt === undefined) return paint.dim(`${user} is offline`);
  const iso = new Date(lastSeenAt).toISOString();
  const isToday = iso.slice(0, 10) === new Date().toISOString().slice(0, 10);
  return paint.dim(
    `${user} was here ${isToday ? 'at' : 'on'} ${isToday ? iso.slice(11, 16) : iso.slice(0, 10)}`,
  );
}
