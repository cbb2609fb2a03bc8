import type { Refusal } from '@parley/domain/conversation/refusals';
import { type NodeMethod, type VoiceNotice, type VoiceResult, voiceMethods } from '@parley/domain/wire/voice';
import { createLog } from '@parley/infra/runtime/log';
import { waitFor } from '@parley/infra/testing/wait-for';
import type { CallNotice } from '@parley/infra/voice/protocol';
import type { Ticket } from '@parley/infra/voice/ticket';
import * as E from 'fp-ts/lib/Either.js';
import type { types } from 'mediasoup';
import { Registry } from 'prom-client';
import { openRooms } from '../room/open-rooms.js';
import type { RoomLimits, Rooms } from '../room/rooms.js';
import { openWorkerPool, type WorkerPool } from '../worker/pool.js';
import { testWorker } from './test-worker.js';

export type TestRooms = {
  readonly rooms: Rooms;
  readonly pool: WorkerPool;
  readonly registry: Registry;
  /** What was told, oldest first. */
  readonly notices: CallNotice[];
  ask<M extends NodeMethod>(
    ticket: Ticket,
    method: M,
    params: Readonly<Record<string, unknown>>,
  ): Promise<E.Either<Refusal, VoiceResult<M>>>;
  /** As `ask`; fails when it is refused. */
  must<M extends NodeMethod>(
    ticket: Ticket,
    method: M,
    params: Readonly<Record<string, unknown>>,
  ): Promise<VoiceResult<M>>;
  /** Waits for a notice to `participant`, or to all. */
  told(participant: number, name: VoiceNotice): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
};

/** Rooms on a real worker, and what is asked of them decoded as a gateway does it. */
export async function openTestRooms(
  options: {
    readonly workers?: number;
    readonly limits?: Partial<RoomLimits>;
    readonly portMin?: number;
  } = {},
): Promise<TestRooms> {
  const { workers = 1, limits = {}, portMin = 43_000 } = options;
  const log = createLog('rooms', 'silent');
  const { workerBin } = testWorker;
  let rooms: Rooms | undefined;
  const pool = await openWorkerPool({
    workerBin,
    count: workers,
    listen: { ip: '127.0.0.1', portMin, portMax: portMin + 999 },
    log,
    onDied: ({ worker }) => rooms?.workerDied(worker),
  });
  const notices: CallNotice[] = [];
  const registry = new Registry();
  const tell = (_: string, notice: CallNotice): void => void notices.push(notice);
  const opened = openRooms({ pool, tell, log, registry, limits });
  rooms = opened;

  const test: TestRooms = {
    rooms: opened,
    pool,
    registry,
    notices,
    async ask(ticket, method, params) {
      const { conversationId, call } = ticket;
      const whole = { conversationId, call, ticket: 'ticket', ...params };
      const decoded = voiceMethods[method].params.decode(whole);
      if (E.isLeft(decoded)) throw new Error(`${method} does not decode`);
      return (await opened.request(ticket, method, decoded.right)) as never;
    },
    async must(ticket, method, params) {
      const answered = await test.ask(ticket, method, params);
      if (E.isLeft(answered)) throw new Error(`${method}: ${JSON.stringify(answered.left)}`);
      return answered.right;
    },
    async told(participant, name) {
      const { value } = await waitFor(
        () => notices.find((each) => each.name === name && (each.to === participant || each.to === 'all')),
        { what: `${name} for ${participant}` },
      );
      return value;
    },
    async close() {
      await opened.shutdown();
      await pool.close();
    },
  };
  return test;
}

export const testCall = { conversationId: 'c-voice', call: 10, node: 'node', fence: 1_000 };

export const ticketFor = (participant: number, over: Partial<Ticket> = {}): Ticket => ({
  ...testCall,
  participant,
  user: `user${participant}`,
  device: 'web',
  speaks: true,
  ...over,
});

/** As a browser sends them. */
export const opusParameters = (ssrc: number, mid = `${ssrc}`): types.RtpParameters => ({
  mid,
  codecs: [
    {
      mimeType: 'audio/opus',
      payloadType: 111,
      clockRate: 48_000,
      channels: 2,
      parameters: { minptime: 10, useinbandfec: 1, usedtx: 1 },
      rtcpFeedback: [{ type: 'transport-cc', parameter: '' }],
    },
  ],
  headerExtensions: [
    { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 4 },
    { uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', id: 1 },
  ],
  encodings: [{ ssrc }],
  rtcp: { cname: 'someone', reducedSize: true },
});

export const vp8Parameters = (rids: readonly string[], mid: string) => ({
  mid,
  codecs: [
    {
      mimeType: 'video/VP8',
      payloadType: 96,
      clockRate: 90_000,
      rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'transport-cc' }],
    },
    { mimeType: 'video/rtx', payloadType: 97, clockRate: 90_000, parameters: { apt: 96 } },
  ],
  headerExtensions: [
    { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 4 },
    { uri: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id', id: 10 },
  ],
  encodings: rids.map((rid, index) => ({
    rid,
    scaleResolutionDownBy: 2 ** (rids.length - 1 - index),
    scalabilityMode: 'L1T3',
  })),
  rtcp: { cname: 'someone', reducedSize: true },
});
