import type { NatsConnection } from '@nats-io/transport-node';

export type SubjectCount = { readonly subject: string; readonly messages: number };

/**
 * The subjects of a stream with the most messages, the most first. The broker counts; it tells 100,000 subjects at a time, and no more than
 * that are held here.
 *
 * @throws when the broker does not answer, or there is no such stream.
 */
export async function biggestSubjects(
  nats: NatsConnection,
  stream: string,
  most: number,
): Promise<readonly SubjectCount[]> {
  let biggest: readonly SubjectCount[] = [];
  for (let offset = 0; ; ) {
    const page = await subjectsFrom(nats, stream, offset);
    const counts = Object.entries(page.subjects).map(([subject, messages]) => ({ subject, messages }));
    biggest = [...biggest, ...counts].toSorted(byMessages).slice(0, most);
    offset += counts.length;
    if (counts.length === 0 || offset >= page.total) return biggest;
  }
}

const byMessages = (a: SubjectCount, b: SubjectCount): number =>
  b.messages - a.messages || (a.subject < b.subject ? -1 : 1);

type SubjectsPage = { readonly subjects: Readonly<Record<string, number>>; readonly total: number };

/** The client would gather all pages into one object, however many there are. */
async function subjectsFrom(nats: NatsConnection, stream: string, offset: number): Promise<SubjectsPage> {
  const question = JSON.stringify({ subjects_filter: '>', offset });
  const answer = await nats.request(`$JS.API.STREAM.INFO.${stream}`, question, { timeout: 30_000 });
  const { error, state, total } = answer.json<StreamInfoAnswer>();
  if (error !== undefined) throw new Error(`${stream}: ${error.description}`);
  const subjects = state?.subjects ?? {};
  return { subjects, total: total ?? Object.keys(subjects).length };
}

type StreamInfoAnswer = {
  readonly error?: { readonly description: string };
  readonly state?: { readonly subjects?: Readonly<Record<string, number>> };
  readonly total?: number;
};
