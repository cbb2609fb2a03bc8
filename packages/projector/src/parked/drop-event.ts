import { seqOf } from '@parley/domain/log/seq-of';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import { listVersions, type VersionsDatabase } from '@parley/infra/read-model/versions';
import { parseJson } from '@parley/infra/runtime/parse-json';
import type { ClientBase } from 'pg';
import { inTransaction } from '../in-transaction.js';
import { type Letter, type LetterPlace, listLetters } from './letters.js';
import { type ParkedConversation, readParked } from './parked-conversation.js';

/** Which builds could not take it, and which have folded it: those differ from the others until they are made anew. */
export type DroppedIn = { readonly parked: readonly number[]; readonly folded: readonly number[] };

/**
 * Has every build, those to come as well, pass an event without folding it: it adds nothing to rows, count or digest, but its place in the
 * conversation, so that nobody waits for it. A build that has not met it yet hears of it before it does; one that stands still at it is to
 * be retried then. Doing it twice changes nothing.
 *
 * @returns undefined where no build has it among its letters, and nothing was done.
 */
export async function dropEvent(
  client: ClientBase & VersionsDatabase,
  place: LetterPlace,
  reason: string,
): Promise<DroppedIn | undefined> {
  const versions = (await listVersions(client))
    .filter(({ state }) => state !== 'dropping')
    .map(({ version }) => version);
  const [letter] = await lettersAt(client, versions, place);
  if (letter?.payload === undefined) return undefined;
  const seq = await seqOfLetter(client, place, letter);
  const reached = await inTransaction(client, async () => {
    await client.query('set local synchronous_commit = on');
    await client.query(
      `insert into parley.dropped_event (stream, stream_seq, conversation_id, seq, error, reason)
       values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
      [place.stream, place.streamSeq, letter.conversationId, seq, letter.error, reason],
    );
    const all = new Map<number, number>();
    for (const version of versions) all.set(version, await tellOwner(client, version, place));
    return all;
  });
  const parked = (await lettersAt(client, versions, place)).map(({ version }) => version);
  const folded: number[] = [];
  for (const [version, streamSeq] of reached) {
    if (streamSeq < place.streamSeq || parked.includes(version)) continue;
    const standstill = await standstillOf(client, version, place, letter);
    if (standstill === undefined || standstill.streamSeq > place.streamSeq) folded.push(version);
  }
  return { parked, folded };
}

async function lettersAt(
  client: ClientBase & VersionsDatabase,
  versions: readonly number[],
  at: LetterPlace,
): Promise<readonly Letter[]> {
  const letters: Letter[] = [];
  for (const version of versions) letters.push(...(await listLetters(client, version, { most: 1, at })));
  return letters;
}

/** Its seq as everybody who folds the log counts it: its own, if that is no less than the next. */
async function seqOfLetter(client: ClientBase, place: LetterPlace, letter: Letter): Promise<number | null> {
  const parked = await standstillOf(client, letter.version, place, letter);
  if (parked === undefined || place.share.projection !== 'timeline') return null;
  return Math.max(parked.revision + 1, seqOf(parseJson(letter.payload ?? '')) ?? 0);
}

async function standstillOf(
  client: ClientBase,
  version: number,
  { share }: LetterPlace,
  { conversationId }: Letter,
): Promise<ParkedConversation | undefined> {
  return (await readParked(client, schemaOf(version), share, [conversationId])).get(conversationId);
}

/** Has the owner of a share read anew what is withheld; how far the share is, 0 where it has not begun. */
async function tellOwner(client: ClientBase, version: number, { share }: LetterPlace): Promise<number> {
  const { rows } = await client.query<{ stream_seq: string }>(
    `update ${schemaOf(version)}.checkpoint set interventions = interventions + 1
     where projection = $1 and partition = $2 returning stream_seq`,
    [share.projection, share.partition],
  );
  return Number(rows[0]?.stream_seq ?? 0);
}
