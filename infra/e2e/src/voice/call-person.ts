import type { ParleyClient } from '@parley/client/parley-client';
import type { CallOptions, CallSession, CallSnapshot, Calls } from '@parley/client/voice/call-types';
import { waitFor } from '@parley/infra/testing/wait-for';
import type { Browser, Page } from 'playwright-core';

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
  leave(): Promise<void>;
  /** By which kinds of candidates of ours packets go now. */
  localCandidates(): Promise<readonly string[]>;
  /** In what its pictures go out. */
  videoCodecs(): Promise<readonly string[]>;
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
  /** Notes every 50 ms what is heard of each; `gaps` ends it. */
  listen(): Promise<void>;
  /** The longest silence of each user meanwhile, in ms: nothing played, and no packet. */
  gaps(): Promise<Readonly<Record<string, Gap>>>;
  close(): Promise<void>;
};

export type CallSeen = Pick<CallSnapshot, 'phase' | 'topology' | 'audioOnly' | 'why'> & {
  readonly users: readonly string[];
};
/** `unplayed` counts the looks at which there was no track of theirs to play. */
export type Gap = { readonly silenceMs: number; readonly packetsMs: number; readonly unplayed: number };
export type ReceivedFrom = {
  readonly user: string;
  /** Which tracks of theirs are shown. */
  readonly tracks: string;
  readonly packets: number;
  readonly energy: number;
  readonly frames: number;
};

type Who = { readonly site: string; readonly ws: string; readonly user: string; readonly token: string };

/** What the page has beside the SDK. */
declare const sdk: typeof import('@parley/client/testing/voice-entry');
declare const client: ParleyClient;
declare const calls: Calls;
declare const heard: {
  ofTrack(track: MediaStreamTrack): RTCRtpReceiver | undefined;
  connections: RTCPeerConnection[];
  samples: Sample[];
  timer: ReturnType<typeof setInterval> | undefined;
};
type Sample = {
  readonly user: string;
  readonly at: number;
  readonly track: string;
  readonly energy: number;
  readonly packets: number;
};

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

  const received = (): Promise<readonly ReceivedFrom[]> =>
    page.evaluate(async () => {
      const tiles = calls.current.snapshot()?.state.snapshot().tiles ?? [];
      return Promise.all(
        tiles
          .filter(({ isMe }) => !isMe)
          .map(async ({ user, tracks }) => {
            const sum = {
              user,
              tracks: `${tracks.mic?.id} ${tracks.camera?.id}`,
              packets: 0,
              energy: 0,
              frames: 0,
            };
            for (const track of [tracks.mic, tracks.camera]) {
              const report = track && (await heard.ofTrack(track)?.getStats());
              report?.forEach((each) => {
                if (each.type !== 'inbound-rtp') return;
                if (each.kind === 'audio') sum.packets += each.packetsReceived;
                sum.energy += each.totalAudioEnergy ?? 0;
                sum.frames += each.framesDecoded ?? 0;
              });
            }
            return sum;
          }),
      );
    });

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
        [conversationId, { ...options, camera, video }] as const,
      ),
    join: (conversationId, call, camera = false, options = {}) =>
      page.evaluate(async ([id, call, options]) => void (await calls.join(id, call, options)), [
        conversationId,
        call,
        { ...options, camera, video },
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
    isAudioOnly: () => page.evaluate(() => calls.current.snapshot()?.state.snapshot().audioOnly ?? false),
    joinUntilHeard: (conversationId, call) =>
      page.evaluate(
        async ([id, call]) => {
          const before = performance.now();
          const joining = calls.join(id, call);
          joining.catch(() => undefined);
          for (;;) {
            const tiles = calls.current.snapshot()?.state.snapshot().tiles ?? [];
            for (const { isMe, tracks } of tiles) {
              const report = isMe ? undefined : tracks.mic && (await heard.ofTrack(tracks.mic)?.getStats());
              let packets = 0;
              report?.forEach((each) => {
                packets += each.type === 'inbound-rtp' ? each.packetsReceived : 0;
              });
              if (packets > 0) return performance.now() - before;
            }
            if (performance.now() - before > 30_000) throw new Error('nobody was heard in 30 s');
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        },
        [conversationId, call] as const,
      ),
    hearMyself: () =>
      page.evaluate(async () => {
        const before = performance.now();
        const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
        const [one, other] = [new RTCPeerConnection(), new RTCPeerConnection()];
        one.onicecandidate = ({ candidate }) => void other.addIceCandidate(candidate ?? undefined);
        other.onicecandidate = ({ candidate }) => void one.addIceCandidate(candidate ?? undefined);
        for (const track of stream.getTracks()) one.addTrack(track, stream);
        await one.setLocalDescription();
        await other.setRemoteDescription(one.localDescription as RTCSessionDescription);
        await other.setLocalDescription();
        await one.setRemoteDescription(other.localDescription as RTCSessionDescription);
        for (let packets = 0; packets === 0; ) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          (await other.getStats()).forEach((each) => {
            packets += each.type === 'inbound-rtp' ? each.packetsReceived : 0;
          });
        }
        const ms = performance.now() - before;
        one.close();
        other.close();
        for (const track of stream.getTracks()) track.stop();
        return ms;
      }),
    leave: () => page.evaluate(async () => void (await calls.current.snapshot()?.leave())),
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
        { timeout: 60_000, what: `${user} to hear and see everybody` },
      );
    },
    listen: () =>
      page.evaluate(() => {
        heard.samples = [];
        heard.timer = setInterval(async () => {
          for (const { user, isMe, tracks } of calls.current.snapshot()?.state.snapshot().tiles ?? []) {
            const track = tracks.mic;
            if (isMe) continue;
            if (track === undefined) {
              heard.samples.push({ user, at: performance.now(), track: '', energy: 0, packets: 0 });
              continue;
            }
            const report = await heard.ofTrack(track)?.getStats();
            report?.forEach((each) => {
              if (each.type !== 'inbound-rtp') return;
              const { totalAudioEnergy: energy = 0, packetsReceived: packets = 0 } = each;
              heard.samples.push({ user, at: performance.now(), track: track.id, energy, packets });
            });
          }
        }, 50);
      }),
    gaps: () =>
      page.evaluate(() => {
        clearInterval(heard.timer);
        const gaps: Record<string, { silenceMs: number; packetsMs: number; unplayed: number }> = {};
        for (const user of new Set(heard.samples.map((each) => each.user))) {
          const samples = heard.samples.filter((each) => each.user === user);
          const longest = (what: 'energy' | 'packets'): number => {
            let since = samples[0]?.at ?? 0;
            let most = 0;
            samples.forEach((sample, index) => {
              const before = samples[index - 1];
              const grows = before?.track === sample.track ? sample[what] > before[what] : false;
              if (!grows && index < samples.length - 1) return;
              most = Math.max(most, sample.at - since);
              since = sample.at;
            });
            return Math.round(most);
          };
          const unplayed = samples.filter(({ track }) => track === '').length;
          gaps[user] = { silenceMs: longest('energy'), packetsMs: longest('packets'), unplayed };
        }
        return gaps;
      }),
    close: () => context.close(),
  };
}

/** Which receiver a track is of, among all connections of the page. */
function rememberConnections(): void {
  const all: RTCPeerConnection[] = [];
  const Native = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      all.push(this);
    }
  };
  Object.assign(globalThis, {
    heard: {
      samples: [],
      connections: all,
      ofTrack: (track: MediaStreamTrack) =>
        all.flatMap((each) => each.getReceivers()).find((receiver) => receiver.track === track),
    },
  });
}
