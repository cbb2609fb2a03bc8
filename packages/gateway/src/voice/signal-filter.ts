import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { MAX_SDP_SECTIONS, type PeerSignal } from '@parley/domain/wire/voice';
import * as E from 'fp-ts/lib/Either.js';
import { isPublicAddress } from './candidate-address.js';

/** Which addresses participants may tell each other: all, or those alone that say nothing of somebody's own network. */
export type CandidatePolicy = 'all' | 'public';

/** Lines of a description, and characters of one: a browser's longest are candidates and codec parameters, of some 300. */
export const MAX_SDP_LINES = 3_000;
export const MAX_SDP_LINE = 1_024;

/**
 * What is relayed of a signal: the signal, without the addresses that `policy` does not allow; undefined where nothing is left, which is no fault of who sent
 * it. What no browser makes is refused as `SignalRefused`: a description with too many lines or sections, with lines that are none, with control
 * characters, or a candidate that is none.
 */
export function filterSignal(
  signal: PeerSignal,
  policy: CandidatePolicy,
): E.Either<Refusal, PeerSignal | undefined> {
  switch (signal.type) {
    case 'offer':
    case 'answer':
      return E.map((sdp: string): PeerSignal => ({ ...signal, sdp }))(filterSdp(signal.sdp, policy));
    case 'candidate': {
      const { candidate, sdpMid = '', usernameFragment = '' } = signal;
      if ([candidate, sdpMid, usernameFragment].some(hasControls)) return no('it has control characters');
      // The end of candidates.
      if (candidate === '') return E.right(signal);
      const kept = filterCandidate(candidate, policy);
      if (E.isLeft(kept)) return kept;
      return E.right(kept.right === undefined ? undefined : { ...signal, candidate: kept.right });
    }
    case 'needed':
    case 'shown':
    case 'bye':
      return E.right(signal);
    default:
      return signal satisfies never;
  }
}

function filterSdp(sdp: string, policy: CandidatePolicy): E.Either<Refusal, string> {
  const lines = sdp.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines[0] !== 'v=0') return no('a description begins with v=0');
  if (lines.length > MAX_SDP_LINES) return no(`it has ${lines.length} lines`);
  let sections = 0;
  const kept: string[] = [];
  for (const line of lines) {
    if (line.length > MAX_SDP_LINE) return no(`a line has ${line.length} characters`);
    if (hasControls(line)) return no('it has control characters');
    if (!LINE.test(line)) return no('a line is not of the form letter=value');
    if (line.startsWith('m=') && ++sections > MAX_SDP_SECTIONS)
      return no(`it has more than ${MAX_SDP_SECTIONS} media sections`);
    const filtered = filterLine(line, policy);
    if (E.isLeft(filtered)) return filtered;
    if (filtered.right !== undefined) kept.push(filtered.right);
  }
  return E.right(`${kept.join('\r\n')}\r\n`);
}

function filterLine(line: string, policy: CandidatePolicy): E.Either<Refusal, string | undefined> {
  if (line.startsWith('a=candidate:')) {
    const kept = filterCandidate(line.slice(2), policy);
    return E.map((candidate: string | undefined) => candidate && `a=${candidate}`)(kept);
  }
  if (policy === 'all') return E.right(line);
  // No browser says whom it has chosen before it has.
  if (line.startsWith('a=remote-candidates:')) return E.right(undefined);
  // With ICE these addresses are not used (RFC 8839, section 4.2): the unspecified one is what a browser writes that hides its own.
  const address = ADDRESS_LINE.exec(line)?.[1];
  if (address === undefined || isPublicAddress(address)) return E.right(line);
  const unspecified = address.includes(':') ? '::' : '0.0.0.0';
  return E.right(`${line.slice(0, -address.length)}${unspecified}`);
}

/** A candidate of RFC 8839, section 5.1, with or without what follows its type. */
function filterCandidate(candidate: string, policy: CandidatePolicy): E.Either<Refusal, string | undefined> {
  const found = CANDIDATE.exec(candidate);
  if (found === null) return no('that is no candidate');
  if (policy === 'all') return E.right(candidate);
  if (!isPublicAddress(found[1] as string)) return E.right(undefined);
  return E.right(
    candidate.replace(RELATED, (whole, address: string) =>
      isPublicAddress(address) ? whole : ` raddr ${address.includes(':') ? '::' : '0.0.0.0'} rport 0`,
    ),
  );
}

const LINE = /^[a-z]=/;
const CANDIDATE =
  /^candidate:[A-Za-z0-9+/]{1,32} \d{1,5} (?:udp|tcp|ssltcp) \d{1,10} ([A-Za-z0-9.:_-]{1,255}) \d{1,5} typ (?:host|srflx|prflx|relay)(?: [^ ]+ [^ ]+)*$/i;
const RELATED = / raddr ([^ ]+) rport \d+/gi;
const ADDRESS_LINE = /^(?:c=|a=rtcp:\d+ |o=[^ ]+ [^ ]+ [^ ]+ )IN IP[46] ([^ ]+)$/;

/** Those of C0, and DEL: no line of a description may have them, and a terminal or a log would obey them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f]/;
const hasControls = (text: string): boolean => CONTROLS.test(text);

const no = (about: string): E.Either<Refusal, never> => E.left(refuse('SignalRefused', about));
