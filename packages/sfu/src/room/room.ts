import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { NodeMethod, VoiceParams } from '@parley/domain/wire/voice';
import type { Log } from '@parley/infra/runtime/log';
import type { Placement } from '@parley/infra/voice/protocol';
import { speakersOf } from '@parley/infra/voice/roster';
import type { Ticket } from '@parley/infra/voice/ticket';
import * as E from 'fp-ts/lib/Either.js';
import type { types } from 'mediasoup';
import { openChangeLimit } from './change-limit.js';
import { type Media, openMedia } from './media.js';
import type { MediaMetrics } from './media-metrics.js';
import { openRequestQueue } from './request-queue.js';
import { answer, attach } from './room-requests.js';
import type { RoomLimits, RoomMedia, RoomRoster, RoomWorkers, Tell } from './rooms.js';
import { openSharing } from './share-media.js';

/** One call on this node. Its media begins with the first who attaches, and anew after its worker died. */
export type Room = {
  readonly conversationId: string;
  readonly call: number;
  readonly fence: number;
  /** What there is now; undefined before the first attached, and between two workers. */
  readonly media: Media | undefined;
  isOn(worker: types.Worker): boolean;
  raise(fence: number): void;
  request(ticket: Ticket, method: NodeMethod, params: unknown): Promise<E.Either<Refusal, unknown>>;
  setRoster(roster: RoomRoster): void;
  /** Its media is gone: everybody begins anew. */
  begin(why: string): void;
  share(): Promise<RoomMedia | undefined>;
  close(): void;
};

export type RoomOptions = {
  readonly placement: Placement;
  readonly pool: RoomWorkers;
  readonly tell: Tell;
  readonly log: Log;
  readonly metrics: MediaMetrics;
  readonly now: () => number;
  readonly limits: RoomLimits;
};

export function openRoom({ placement, pool, tell, log, metrics, now, limits }: RoomOptions): Room {
  const { conversationId, call } = placement;
  const about = { conversationId, call };
  const queue = openRequestQueue(limits.requests);
  const changes = openChangeLimit(limits.changes);
  let { fence } = placement;
  let roster: RoomRoster | undefined;
  let media: Media | undefined;
  let sharing = openSharing();
  let opening: Promise<Media | undefined> | undefined;
  let isClosed = false;
  /** An edge hears what its core hears, which tells it. */
  let isEdge = false;

  /** The media of this room, made where there is none. Undefined: no worker can have it now. */
  function ensureMedia(): Promise<Media | undefined> {
    if (media !== undefined && !media.closed) return Promise.resolve(media);
    opening ??= open().finally(() => {
      opening = undefined;
    });
    return opening;
  }

  async function open(): Promise<Media | undefined> {
    const place = pool.pick();
    if (place === undefined || isClosed) return undefined;
    const shared = openSharing();
    try {
      const opened = await openMedia({
        ...place,
        limits,
        metrics,
        log,
        now,
        tell: ({ to, name, value }) => tell(conversationId, { to, name, value: { ...about, ...value } }),
        onTrack: shared.sayTrack,
        onSpeakers: (speakers) => {
          shared.saySpeakers(speakers.map(({ participant }) => participant));
          if (!isEdge)
            tell(conversationId, { to: 'all', name: 'voice.speakers', value: { ...about, speakers } });
        },
      });
      if (isClosed) {
        opened.close();
        return undefined;
      }
      media = opened;
      sharing = shared;
      opened.router.once('workerclose', () => {
        if (media !== opened) return;
        metrics.errors.inc({ reason: 'worker' });
        begin('worker');
      });
      applyRoster();
      return media;
    } catch (error) {
      log.warn({ err: error, conversationId }, 'a room could not be made');
      return undefined;
    }
  }

  function applyRoster(): void {
    if (roster?.call === undefined) return;
    const { revision, call } = roster;
    const speakers = speakersOf(roster);
    void media?.apply({
      tag: 'roster',
      revision,
      participants: new Set(call.participants.map(({ participant }) => participant)),
      muted: new Set(call.muted),
      speakers: speakers && new Set(speakers),
    });
  }

  function begin(why: string): void {
    // Of an edge only those who are on it begin anew.
    const whom = isEdge ? [...(media?.state.members.keys() ?? [])] : ['all' as const];
    media?.close();
    media = undefined;
    for (const to of whom) tell(conversationId, { to, name: 'voice.moved', value: { ...about, why } });
  }

  async function handle(
    ticket: Ticket,
    method: NodeMethod,
    params: unknown,
  ): Promise<E.Either<Refusal, unknown>> {
    if (ticket.fence < fence || isClosed) return E.left(refuse('PlacementStale'));
    const retryAfterMs = changes.take(ticket.user, method, now());
    if (retryAfterMs !== undefined) return E.left({ ...refuse('RateLimited'), retryAfterMs });
    if (method === 'voice.attach') {
      const opened = await ensureMedia();
      if (opened === undefined) return E.left(refuse('VoiceUnavailable'));
      const answered = attach(opened, ticket, limits);
      if (E.isRight(answered)) {
        metrics.joins.inc();
        isEdge = ticket.core !== undefined;
      }
      return answered;
    }
    const member = media?.state.members.get(ticket.participant);
    if (media === undefined || media.closed || member === undefined) return E.left(refuse('PlacementStale'));
    const onFailed = (reason: string): void => metrics.errors.inc({ reason });
    return answer({ media, member, onFailed }, method, params as VoiceParams<typeof method>);
  }

  return {
    conversationId,
    call,
    get fence() {
      return fence;
    },
    get media() {
      return media?.closed ? undefined : media;
    },
    isOn: (worker) => media?.worker === worker,
    raise(to) {
      fence = Math.max(fence, to);
    },
    request: (ticket, method, params) => queue.run(ticket.participant, () => handle(ticket, method, params)),
    setRoster(next) {
      if (next.revision < (roster?.revision ?? 0)) return;
      roster = next;
      applyRoster();
    },
    begin,
    async share() {
      const opened = await ensureMedia();
      return opened && sharing.of(opened, fence);
    },
    close() {
      isClosed = true;
      media?.close();
    },
  };
}
