import type { CallSession, Calls } from '@parley/client/voice/call-types';

/** What a page notes of its connections and of what it hears. All functions here run in the page. */
export type PageEars = {
  ofTrack(track: MediaStreamTrack): RTCRtpReceiver | undefined;
  readonly connections: readonly RTCPeerConnection[];
  /** Where the audio worklet of an ear is. */
  readonly module: string;
  listening: Listening | undefined;
};

type Listening = {
  readonly context: AudioContext;
  readonly ears: ReadonlyMap<string, Ear>;
  readonly off: () => void;
};

type Ear = {
  readonly node: AudioWorkletNode;
  source: MediaStreamAudioSourceNode | undefined;
  track: MediaStreamTrack | undefined;
  unplayed: number;
};

/** `silenceMs` is the longest time in which nothing of theirs was played, by the clock of the sound; `unplayed` counts the changes of the call after which there was no track of theirs. */
export type Gap = { readonly silenceMs: number; readonly unplayed: number };
export type ReceivedFrom = {
  readonly user: string;
  /** Which tracks of theirs are shown. */
  readonly tracks: string;
  readonly packets: number;
  readonly energy: number;
  readonly frames: number;
};

declare const calls: Calls;
declare const heard: PageEars;

/** Which receiver a track is of, among all connections of the page. */
export function rememberConnections(): void {
  const all: RTCPeerConnection[] = [];
  const Native = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      all.push(this);
    }
  };
  /** Counts the longest run of blocks in which nothing is loud; a page that is late to look does not make it longer. */
  const module = `registerProcessor('ear', class extends AudioWorkletProcessor {
    silent = 0;
    longest = 0;
    constructor() {
      super();
      this.port.onmessage = () => this.port.postMessage((this.longest / sampleRate) * 1_000);
    }
    process([[samples]]) {
      this.silent = samples?.some((each) => Math.abs(each) > 0.001) ? 0 : this.silent + 128;
      this.longest = Math.max(this.longest, this.silent);
      return true;
    }
  });`;
  Object.assign(globalThis, {
    heard: {
      module: URL.createObjectURL(new Blob([module], { type: 'text/javascript' })),
      connections: all,
      ofTrack: (track: MediaStreamTrack) =>
        all.flatMap((each) => each.getReceivers()).find((receiver) => receiver.track === track),
    },
  });
}

/** What has come of each other participant since the tracks that are shown now began. Each connection is asked once: it makes a whole report for each question. */
export async function receivedHere(): Promise<readonly ReceivedFrom[]> {
  const inbound = new Map<string, RTCInboundRtpStreamStats>();
  const open = heard.connections.filter(({ connectionState }) => connectionState !== 'closed');
  for (const report of await Promise.all(open.map((each) => each.getStats())))
    report.forEach((each) => {
      if (each.type === 'inbound-rtp') inbound.set(each.trackIdentifier, each);
    });
  const others =
    calls.current
      .snapshot()
      ?.state.snapshot()
      .tiles.filter(({ isMe }) => !isMe) ?? [];
  return others.map(({ user, tracks }) => {
    const [voice, picture] = [tracks.mic, tracks.camera].map((track) => track && inbound.get(track.id));
    return {
      user,
      tracks: `${tracks.mic?.id} ${tracks.camera?.id}`,
      packets: voice?.packetsReceived ?? 0,
      energy: voice?.totalAudioEnergy ?? 0,
      frames: picture?.framesDecoded ?? 0,
    };
  });
}

/** Joins a call; ms from asking to the first packet of a voice that is here. */
export async function joinUntilHeard([id, call]: readonly [
  conversationId: string,
  call: number,
]): Promise<number> {
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
}

/** The same between two connections of this page. */
export async function hearMyself(): Promise<number> {
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
}

/** Hears from now on what is played of each other participant. */
export async function listen(): Promise<void> {
  const context = new AudioContext();
  await context.audioWorklet.addModule(heard.module);
  const session = calls.current.snapshot() as CallSession;
  const ears = new Map<string, Ear>();
  const hear = (): void => {
    for (const { user, isMe, tracks } of session.state.snapshot().tiles) {
      if (isMe) continue;
      let ear = ears.get(user);
      if (ear === undefined) {
        const node = new AudioWorkletNode(context, 'ear');
        node.connect(context.destination);
        ear = { node, source: undefined, track: undefined, unplayed: 0 };
        ears.set(user, ear);
      }
      if (tracks.mic === undefined) ear.unplayed++;
      if (ear.track === tracks.mic) continue;
      ear.source?.disconnect();
      ear.track = tracks.mic;
      ear.source = tracks.mic && context.createMediaStreamSource(new MediaStream([tracks.mic]));
      ear.source?.connect(ear.node);
    }
  };
  hear();
  heard.listening = { context, ears, off: session.state.subscribe(hear) };
}

/** The longest silence of each user since {@link listen}, which it ends. */
export async function gapsHeard(): Promise<Readonly<Record<string, Gap>>> {
  const { context, ears, off } = heard.listening as Listening;
  const gaps: Record<string, Gap> = {};
  for (const [user, { node, unplayed }] of ears) {
    const silence = new Promise<number>((resolve) => {
      node.port.onmessage = ({ data }) => resolve(data);
    });
    node.port.postMessage('how long?');
    gaps[user] = { silenceMs: Math.round(await silence), unplayed };
  }
  off();
  await context.close();
  return gaps;
}
