import * as t from 'io-ts';
import { boundedRecord, shape } from '../shape.js';
import { boundedArray, boundedInteger, boundedText, patternedText } from '../text.js';

/**
 * What a client says of its media to a node, in the form of ORTC as mediasoup has it (mediasoup.org/documentation/v3/mediasoup/rtp-parameters-and-capabilities):
 * every field that is accepted, each with a bound, and no other.
 */

/** Id of a transport, producer or consumer, given by a node. */
export const MediaId = patternedText('id', /^[A-Za-z0-9_-]{1,64}$/, 'an id that the node gave');

export const MediaKind = t.keyof({ audio: null, video: null }, 'audio or video');
export type MediaKind = t.TypeOf<typeof MediaKind>;

const MimeType = patternedText('mimeType', /^(audio|video)\/[A-Za-z0-9.+-]{1,32}$/, 'audio/… or video/…');
const PayloadType = boundedInteger('payloadType', 0, 127);
const Ssrc = boundedInteger('ssrc', 0, 0xffff_ffff);
const ClockRate = boundedInteger('clockRate', 1, 1_000_000);
const Channels = boundedInteger('channels', 1, 8);
const Bitrate = boundedInteger('bitrate', 0, 100_000_000);
const ShortText = boundedText('value', 0, 256);
const Uri = boundedText('uri', 1, 256);

const parameters = boundedRecord(
  'parameters',
  boundedText('parameter', 1, 64),
  t.union([ShortText, t.number, t.boolean, t.null], 'a text or a number'),
  32,
);
const rtcpFeedback = boundedArray(
  'rtcpFeedback',
  shape({ type: boundedText('type', 1, 32) }, { parameter: ShortText }),
  0,
  32,
);

export const RtpCapabilities = shape(
  {},
  {
    codecs: boundedArray(
      'codecs',
      shape(
        { kind: MediaKind, mimeType: MimeType, clockRate: ClockRate },
        { preferredPayloadType: PayloadType, channels: Channels, parameters, rtcpFeedback },
      ),
      0,
      64,
    ),
    headerExtensions: boundedArray(
      'headerExtensions',
      shape(
        { kind: MediaKind, uri: Uri, preferredId: boundedInteger('preferredId', 1, 255) },
        {
          preferredEncrypt: t.boolean,
          direction: t.keyof(
            { sendrecv: null, sendonly: null, recvonly: null, inactive: null },
            'a direction',
          ),
        },
      ),
      0,
      64,
    ),
  },
);
export type RtpCapabilities = t.TypeOf<typeof RtpCapabilities>;

const Encoding = shape(
  {},
  {
    ssrc: Ssrc,
    rid: patternedText('rid', /^[A-Za-z0-9_-]{1,16}$/, 'a stream id (RFC 8851)'),
    codecPayloadType: PayloadType,
    rtx: shape({ ssrc: Ssrc }),
    dtx: t.boolean,
    active: t.boolean,
    scalabilityMode: patternedText(
      'scalabilityMode',
      /^[LS][1-9]\d?T[1-9]\d?(_KEY(_SHIFT)?|h)?$/,
      'a scalability mode',
    ),
    scaleResolutionDownBy: t.number,
    maxBitrate: Bitrate,
    maxFramerate: t.number,
    adaptivePtime: t.boolean,
    priority: ShortText,
    networkPriority: ShortText,
  },
);

export const RtpParameters = shape(
  {
    codecs: boundedArray(
      'codecs',
      shape(
        { mimeType: MimeType, payloadType: PayloadType, clockRate: ClockRate },
        { channels: Channels, parameters, rtcpFeedback },
      ),
      1,
      16,
    ),
  },
  {
    mid: boundedText('mid', 1, 32),
    headerExtensions: boundedArray(
      'headerExtensions',
      shape({ uri: Uri, id: boundedInteger('id', 1, 255) }, { encrypt: t.boolean, parameters }),
      0,
      32,
    ),
    encodings: boundedArray('encodings', Encoding, 0, 8),
    rtcp: shape({}, { cname: boundedText('cname', 0, 128), reducedSize: t.boolean, mux: t.boolean }),
    msid: boundedText('msid', 1, 256),
  },
);
export type RtpParameters = t.TypeOf<typeof RtpParameters>;

export const DtlsParameters = shape(
  {
    fingerprints: boundedArray(
      'fingerprints',
      shape({
        algorithm: t.keyof(
          { 'sha-1': null, 'sha-224': null, 'sha-256': null, 'sha-384': null, 'sha-512': null },
          'a hash of RFC 8122',
        ),
        value: patternedText(
          'fingerprint',
          /^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){7,63}$/,
          'bytes in hexadecimal',
        ),
      }),
      1,
      8,
    ),
  },
  { role: t.keyof({ auto: null, client: null, server: null }, 'auto, client or server') },
);
export type DtlsParameters = t.TypeOf<typeof DtlsParameters>;

/** What a node answers with: its own, looked at no further. */
export const IceParameters = shape(
  { usernameFragment: t.string, password: t.string },
  { iceLite: t.boolean },
);
export const IceCandidates = t.readonlyArray(t.UnknownRecord);
