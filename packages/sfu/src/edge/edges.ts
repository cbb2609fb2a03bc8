import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { refuse } from '@parley/domain/conversation/refusals';
import type { Log } from '@parley/infra/runtime/log';
import type { NodeReply } from '@parley/infra/voice/protocol';
import type { Asked, EdgeQuestion, NodeAnswer } from '@parley/infra/voice/questions';
import type { Held } from '../node/holds.js';
import { refused } from '../node/requests.js';
import type { Rooms } from '../room/rooms.js';
import type { Listen } from '../worker/start-worker.js';
import { type Link, openLink } from './link.js';
import { openPipe } from './pipe.js';

/** The links of a node's calls with other nodes: to the core where it is an edge, to the edges where it is a core. A star. */
export type Edges = {
  /** A call is here, or its placement has changed: an edge of it is linked to its core until it is dropped. */
  follow(held: Held): void;
  drop(conversationId: string): void;
  /** The conversations whose call is linked with another node now. */
  linked(): ReadonlySet<string>;
  /** What another node asks. @param isCore whether this node carries that call as its core under that fence */
  answer(question: EdgeQuestion, isCore: () => boolean): Promise<NodeReply>;
  close(): void;
};

export type EdgesOptions = {
  readonly self: string;
  /** Asks another node. */
  readonly ask: <Q extends EdgeQuestion>(
    node: string,
    question: Q,
  ) => Promise<Asked<NodeAnswer[Q['method']]>>;
  readonly rooms: Pick<Rooms, 'media'>;
  /** Where media of other nodes is received. */
  readonly listen: Listen;
  readonly log: Log;
};

/** Milliseconds until a lost core is linked with again. */
const AGAIN_MS = 300;

export function openEdges({ self, ask, rooms, listen, log }: EdgesOptions): Edges {
  /** By the conversation, this node being an edge of it. */
  const followed = new Map<string, { readonly held: Held; link: Link | undefined }>();
  /** By the conversation and the other node. */
  const links = new Map<string, Link>();
  const keyOf = (conversationId: string, node: string): string => `${conversationId} ${node}`;

  function keep(held: Held, node: string, link: Link): void {
    const key = keyOf(held.conversationId, node);
    links.get(key)?.close();
    links.set(key, link);
    void link.lost.then(() => {
      if (links.get(key) === link) links.delete(key);
    });
  }

  async function open(held: Held, node: string, id: string) {
    const { conversationId, call } = held;
    const media = await rooms.media(conversationId);
    if (media === undefined) return undefined;
    let link: Link | undefined;
    const pipe = await openPipe({
      media,
      listen,
      log,
      // A core passes on what its other edges bring it; an edge has only its own to give.
      sends: ({ brought }) => held.core === undefined || !brought,
      // A core says who speaks, also of voices that nobody on it receives.
      needs: ({ producer }) => held.core === undefined && producer.kind === 'audio',
      onChange: () => link?.touch(),
    });
    const made = openLink({
      id,
      pipe,
      tell: (told) =>
        ask(node, { method: 'edge.tracks', conversationId, call, from: self, link: id, ...told }),
    });
    link = made;
    return { pipe, link: made };
  }

  async function linkWithCore(follow: { readonly held: Held; link: Link | undefined }): Promise<void> {
    const { held } = follow;
    const { conversationId, call, fence, core } = held;
    const isWanted = (): boolean => followed.get(conversationId) === follow;
    while (core !== undefined && isWanted()) {
      try {
        const id = randomBytes(9).toString('base64url');
        const opened = await open(held, core, id);
        if (opened !== undefined && isWanted()) {
          const { pipe, link } = opened;
          follow.link = link;
          keep(held, core, link);
          const asked = { method: 'edge.link', conversationId, call, fence, from: self, link: id } as const;
          const answered = await ask(core, { ...asked, end: pipe.here });
          if (answered.tag === 'answer') {
            await pipe.connect(answered.result.end);
            link.touch();
            await link.lost;
          } else link.close();
        } else opened?.link.close();
      } catch (error) {
        follow.link?.close();
        log.debug({ err: error, conversationId }, 'an edge was not linked with its core');
      }
      await sleep(AGAIN_MS);
    }
  }

  function drop(conversationId: string): void {
    const before = followed.get(conversationId);
    followed.delete(conversationId);
    before?.link?.close();
  }

  return {
    follow(held) {
      const before = followed.get(held.conversationId)?.held;
      if (before?.fence === held.fence && before.core === held.core && before.call === held.call) return;
      drop(held.conversationId);
      if (held.core === undefined) return;
      const follow = { held, link: undefined };
      followed.set(held.conversationId, follow);
      void linkWithCore(follow);
    },
    drop,
    linked: () => new Set([...links.keys()].map((key) => key.slice(0, key.lastIndexOf(' ')))),
    async answer(question, isCore) {
      const { conversationId, call, from } = question;
      if (question.method === 'edge.tracks') {
        const link = links.get(keyOf(conversationId, from));
        if (link?.id !== question.link) return refused(refuse('PlacementStale'));
        return answer<'edge.tracks'>(await link.hear(question));
      }
      if (!isCore()) return refused(refuse('PlacementStale'));
      const held = { conversationId, call, fence: question.fence };
      // What an earlier link of that edge has brought would be in the way.
      links.get(keyOf(conversationId, from))?.close();
      const opened = await open(held, from, question.link);
      if (opened === undefined) return refused(refuse('VoiceUnavailable'));
      keep(held, from, opened.link);
      await opened.pipe.connect(question.end);
      opened.link.touch();
      return answer<'edge.link'>({ end: opened.pipe.here });
    },
    close() {
      for (const conversationId of [...followed.keys()]) drop(conversationId);
      for (const link of links.values()) link.close();
    },
  };
}

const answer = <M extends EdgeQuestion['method']>(result: NodeAnswer[M]): NodeReply => ({ result });
