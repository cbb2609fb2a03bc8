import type { ParleyClient } from '@parley/client/parley-client';
import type { CallOptions, CallSession, CallSnapshot, Calls } from '@parley/client/voice/call-types';
import { waitFor } from '@parley/infra/testing/wait-for';
import type { Browser, Page } from 'playwright-core';
import {
  type Gap,
  gapsHeard,
  hearMyself,
  joinUntilHeard,
  listen,
  type PageEars,
  type ReceivedFrom,
  receivedHere,
  rememberConnections,
} from './page-ears.js';

/** Somebody in a page, who may be in a call. */
export type CallPerson = {
  readonly user: string;
  readonly page: Page;
  start(conversationId: string, camera?: boolean, options?: CallOptions): Promise<number>;
  join(conversationId: string, call: number, camera?: boolean, options?: CallOptions): Promise<void>;
  /** Joins, and resolves with the ms from asking to the first packet of a voice that is here. */
  joinUntilHeard(conversationId: string, call: number): Promise<number>;
  /** The same between two connections of this page that nothing lies between: what a browser needs for itself. */
  hearMyself(): Promise<number>;
  setMic(on: boolean): Promise<void>;
  leave(): Promise<void>;
  /** Holds the button by which it talks. */
  talk(): Promise<void>;
  /** Has the pictures of a user as large on its screen; null: looks at them no more. */
  shows(user: string, size: { readonly width: number; readonly height: number } | null): Promise<void>;
  /** How wide the newest picture of each is that has come. */
  pictureWidths(): Promise<Readonly<Record<string, number>>>;
  /** Whether its camera is sent, in any size. */
  films(): Promise<boolean>;
  /** By which kinds of candidates of ours packets go now. */
  localCandidates(): Promise<readonly string[]>;
  /** In what its pictures go out. */
  videoCodecs(): Promise<readonly string[]>;
  /** How its voice goes out, of all ways that are connected. */
  voiceSent(): Promise<VoiceSent>;
  /** Voices alone are received, because too much is lost. */
  isAudioOnly(): Promise<boolean>;
  /** The call as an application sees it, without its tracks. */
  call(): Promise<CallSeen>;
  /** Resolves when its connection is open again. */
  isOnline(): Promise<void>;
  /** What has come of each other participant since the tracks that are shown now began. */
  received(): Promise<readonly ReceivedFrom[]>;
  /** Resolves when everybody of these is heard, and seen where they film. */
  hearsAndSees(users: readonly string[], seen?: readonly string[]): Promise<void>;
  /** Hears from now on what is played of each; `gaps` ends it. */
  listen(): Promise<void>;
  /** Seconds of sound since it listens: fewer than have passed where the machine is short of time. */
  soundTime(): Promise<number>;
  /** The longest silence of each user meanwhile. */
  gaps(): Promise<Readonly<Record<string, Gap>>>;
  close(): Promise<void>;
};

export type CallSeen = Pick<CallSnapshot, 'phase' | 'topology' | 'audioOnly' | 'why'> & {
  readonly users: readonly string[];
};

/** `formats` are the parameters of Opus that were agreed on (RFC 7587, 6.1). */
export type VoiceSent = { readonly packets: number; readonly formats: readonly string[] };

type Who = { readonly site: string; readonly ws: string; readonly user: string; readonly token: string };

/** What the page has beside the SDK. */
declare const sdk: typeof import('@parley/client/testing/voice-entry');
declare const client: ParleyClient;
declare const calls: Calls;
declare const heard: PageEars;

export async function openCallPerson(browser: Browser, { site, ws, user, token }: Who): Promise<CallPerson> {
  const context = await browser.newContext({ permissions: ['microphone', 'camera'] });
  const page = await context.newPage();
  await page.addInitScript(rememberConnections);
  await page.goto(site);
  await page.waitForFunction('globalThis.sdk !== undefined');
  await page.evaluate(
    async ([url, token]) => {
      const client = sdk.createClient({ url: url as string, token: token as string, device: 'd1' });
      const calls = sdk.openCalls(client);
      Object.assign(globalThis, { client, calls });
      while (client.state.tag !== 'open') await new Promise((resolve) => setTimeout(resolve, 10));
      calls.current.subscribe(() => {
        const session = calls.current.snapshot();
        if (session !== undefined) Object.assign(globalThis, { played: sdk.playTracks(session) });
      });
    },
    [ws, token] as const,
  );
  const video = { width: 160, height: 120, frameRate: 5 };

  const received = (): Promise<readonly ReceivedFrom[]> => page.evaluate(receivedHere);

  const seenNow = (): Promise<CallSeen> =>
    page.evaluate(() => {
      const { phase, topology, audioOnly, why, tiles } = (
        calls.current.snapshot() as CallSession
      ).state.snapshot();
      const users = tiles.map(({ user }) => user).toSorted();
      return { phase, topology, audioOnly, users, ...(why === undefined ? {} : { why }) };
    });

  return {
    user,
    page,
    received,
    start: (conversationId, camera = false, options = {}) =>
      page.evaluate(
        async ([id, options]) => {
          const session: CallSession = await calls.start(id, options.camera ? 'video' : 'voice', options);
          return session.state.snapshot().call;
        },
        [conversationId, { video, ...options, camera }] as const,
      ),
    join: (conversationId, call, camera = false, options = {}) =>
      page.evaluate(async ([id, call, options]) => void (await calls.join(id, call, options)), [
        conversationId,
        call,
        { video, ...options, camera },
      ] as const),
    localCandidates: () =>
      page.evaluate(async () => {
        const kinds: string[] = [];
        for (const connection of heard.connections) {
          if (connection.connectionState !== 'connected') continue;
          const report = await connection.getStats();
          report.forEach((each) => {
            if (each.type === 'candidate-pair' && each.nominated && each.state === 'succeeded')
              kinds.push(report.get(each.localCandidateId)?.candidateType);
          });
        }
        return kinds;
      }),
    videoCodecs: () =>
      page.evaluate(async () => {
        const codecs = new Set<string>();
        for (const connection of heard.connections) {
          if (connection.connectionState !== 'connected') continue;
          const report = await connection.getStats();
          report.forEach((each) => {
            if (each.type === 'outbound-rtp' && each.kind === 'video' && each.framesEncoded > 0)
              codecs.add(report.get(each.codecId)?.mimeType);
          });
        }
        return [...codecs];
      }),
    voiceSent: () =>
      page.evaluate(async () => {
        const formats: string[] = [];
        let packets = 0;
        for (const connection of heard.connections) {
          if (connection.connectionState !== 'connected') continue;
          const report = await connection.getStats();
          report.forEach((each) => {
            if (each.type !== 'outbound-rtp' || each.kind !== 'audio') return;
            formats.push(report.get(each.codecId)?.sdpFmtpLine ?? '');
            packets += each.packetsSent;
          });
        }
        return { packets, formats };
      }),
    isAudioOnly: () => page.evaluate(() => calls.current.snapshot()?.state.snapshot().audioOnly ?? false),
    joinUntilHeard: (conversationId, call) => page.evaluate(joinUntilHeard, [conversationId, call] as const),
    hearMyself: () => page.evaluate(hearMyself),
    setMic: (on) => page.evaluate(async (on) => void (await calls.current.snapshot()?.setMic(on)), on),
    leave: () => page.evaluate(async () => void (await calls.current.snapshot()?.leave())),
    talk: () => page.evaluate(() => calls.current.snapshot()?.talk(true)),
    shows: (user, size) =>
      page.evaluate(
        ([user, size]) => {
          const session = calls.current.snapshot();
          for (const tile of session?.state.snapshot().tiles ?? [])
            if (tile.user === user) session?.shown(tile.participant, 'camera', size);
        },
        [user, size] as const,
      ),
    pictureWidths: () =>
      page.evaluate(async () => {
        const widths: Record<string, number> = {};
        for (const { user, isMe, tracks } of calls.current.snapshot()?.state.snapshot().tiles ?? []) {
          const report = isMe ? undefined : tracks.camera && (await heard.ofTrack(tracks.camera)?.getStats());
          report?.forEach((each) => {
            if (each.type === 'inbound-rtp') widths[user] = each.frameWidth ?? 0;
          });
        }
        return widths;
      }),
    films: () =>
      page.evaluate(() =>
        heard.connections
          .filter(({ connectionState }) => connectionState === 'connected')
          .flatMap((each) => each.getSenders())
          .filter(({ track }) => track?.kind === 'video')
          .some((sender) => sender.getParameters().encodings.some(({ active }) => active)),
      ),
    call: seenNow,
    async isOnline() {
      await page.evaluate(async () => {
        while (client.state.tag !== 'open') await new Promise((resolve) => setTimeout(resolve, 10));
      });
    },
    async hearsAndSees(users, seen = []) {
      const before = new Map((await received()).map((each) => [each.tracks, each]));
      const lacks = (now: readonly ReceivedFrom[], what: 'energy' | 'frames') => (other: string) =>
        !now.some((each) => each.user === other && each[what] > (before.get(each.tracks)?.[what] ?? 0));
      await waitFor(
        async () => {
          const now = await received();
          const unheard = users.filter(lacks(now, 'energy'));
          const unseen = seen.filter(lacks(now, 'frames'));
          if (unheard.length + unseen.length === 0) return true;
          const { phase, audioOnly } = await seenNow();
          const loses = audioOnly ? ', of whom the node thinks that too much is lost' : '';
          throw new Error(`${user}, ${phase}${loses}, does not hear [${unheard}] nor see [${unseen}]`);
        },
        // Nine who hear eight each are more than two cores do at once: a node then keeps pictures back for ten seconds at a time.
        { timeout: 200_000, what: `${user} to hear and see everybody` },
      );
    },
    listen: () => page.evaluate(listen),
    soundTime: () => page.evaluate(() => heard.listening?.context.currentTime ?? 0),
    gaps: () => page.evaluate(gapsHeard),
    close: () => context.close(),
  };
}
