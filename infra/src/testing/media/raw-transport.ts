import {
  IceCandidate,
  RTCDtlsFingerprint,
  RTCDtlsParameters,
  RTCDtlsTransport,
  RTCIceGatherer,
  RTCIceTransport,
  RtpHeader,
} from 'werift';

/** What a node says of a transport it has opened. */
export type RemoteTransport = {
  readonly iceParameters: { readonly usernameFragment: string; readonly password: string };
  readonly iceCandidates: readonly {
    readonly foundation: string;
    readonly ip: string;
    readonly port: number;
    readonly priority: number;
    readonly protocol: string;
    readonly type: string;
  }[];
  readonly dtlsParameters: {
    readonly fingerprints: readonly { readonly algorithm: string; readonly value: string }[];
  };
};

export type LocalDtls = {
  readonly role: 'client';
  readonly fingerprints: readonly { readonly algorithm: string; readonly value: string }[];
};

/** An RTP packet as far as it is in the clear (RFC 3711 leaves the header so). */
export type HeardPacket = { readonly ssrc: number; readonly sequence: number; readonly timestamp: number };

export type RawTransport = {
  /** Sends one RTP packet, encrypted. `timestamp` in units of the codec's clock. */
  send(packet: HeardPacket & { readonly payloadType: number; readonly payload: Buffer }): void;
  close(): Promise<void>;
};

/** SRTP_AEAD_AES_128_GCM and SRTP_AES128_CM_HMAC_SHA1_80. */
const PROFILES = [7, 1];

/**
 * One ICE, DTLS and SRTP connection to a node without a browser. What is received is looked at no further than its header, so that one process can be
 * hundreds of listeners; what is sent is encrypted as a browser's.
 *
 * @param connect tells the node our side; resolves when it has taken it
 * @throws Error when no connection stands after `timeoutMs`
 */
export async function openRawTransport(
  remote: RemoteTransport,
  connect: (dtls: LocalDtls) => Promise<void>,
  heard: (packet: HeardPacket) => void = () => undefined,
  timeoutMs = 10_000,
): Promise<RawTransport> {
  const ice = new RTCIceTransport(
    new RTCIceGatherer({ useIpv4: true, useIpv6: false, additionalHostAddresses: ['127.0.0.1'] }),
  );
  ice.connection.iceControlling = true;
  await ice.gather();
  const certificate = await RTCDtlsTransport.SetupCertificate();
  const dtls = new RTCDtlsTransport({}, ice, certificate, PROFILES as never);
  dtls.role = 'client';
  // It would decrypt what it receives: it is left to believe that it does.
  dtls.srtpStarted = true;
  ice.setRemoteParams({ ...remote.iceParameters, iceLite: true });
  for (const { foundation, ip, port, priority, protocol, type } of remote.iceCandidates) {
    if (protocol === 'udp')
      await ice.addRemoteCandidate(new IceCandidate(1, foundation, ip, port, priority, protocol, type));
  }
  await ice.addRemoteCandidate(undefined);
  const theirs = remote.dtlsParameters.fingerprints.map(
    ({ algorithm, value }) => new RTCDtlsFingerprint(algorithm, value),
  );
  dtls.setRemoteParams(new RTCDtlsParameters(theirs, 'server'));
  const fingerprints = dtls.localParameters.fingerprints.map(({ algorithm, value }) => ({
    algorithm,
    value,
  }));
  await connect({ role: 'client', fingerprints });
  await within(
    ice.start().then(() => dtls.start()),
    timeoutMs,
  );
  dtls.updateSrtpSession();
  ice.connection.onData.subscribe((bytes) => {
    if (isRtp(bytes))
      heard({
        sequence: bytes.readUInt16BE(2),
        timestamp: bytes.readUInt32BE(4),
        ssrc: bytes.readUInt32BE(8),
      });
  });
  return {
    send: ({ ssrc, sequence, timestamp, payloadType, payload }) =>
      void dtls
        .sendRtp(
          payload,
          new RtpHeader({ version: 2, payloadType, sequenceNumber: sequence, timestamp, ssrc }),
        )
        .catch(() => undefined),
    async close() {
      await dtls.stop();
      await ice.stop();
    },
  };
}

/** RTP and not RTCP, on one port (RFC 5761, section 4). */
const isRtp = (bytes: Buffer): boolean =>
  bytes.length >= 12 &&
  bytes.readUInt8(0) >> 6 === 2 &&
  (bytes.readUInt8(1) < 192 || bytes.readUInt8(1) > 223);

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no connection to the node after ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
