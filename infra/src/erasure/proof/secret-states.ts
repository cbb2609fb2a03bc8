import type { JetStreamManager } from '@nats-io/jetstream';
import { bucketEnd } from '@parley/domain/sealing/bucket';
import { lastOfEach } from '../../log/last-of-each.js';
import { openLimiter } from '../../runtime/limiter.js';
import { isLongPast } from '../../vault/forget-markers.js';
import { nameOfSubject, VAULT_STREAM, vaultSubject } from '../../vault/names.js';
import { readStoredValue } from '../../vault/stored-value.js';
import type { SecretState } from './judge.js';

/** Questions to the broker at once. */
const AT_ONCE = 32;

/**
 * What the vault's stream says of secrets. A destroyed one counts as overwritten when nothing older than its marker is stored.
 *
 * @throws when the broker does not answer
 */
export async function secretStates(
  jsm: JetStreamManager,
  names: readonly string[],
): Promise<ReadonlyMap<string, SecretState>> {
  const limiter = openLimiter(AT_ONCE);
  const newest = await lastOfEach(jsm, VAULT_STREAM, names.map(vaultSubject));
  const states = new Map<string, SecretState>(names.map((name) => [name, stateWithout(name)]));
  await Promise.all(
    [...newest].map(async ([subject, { data, seq }]) => {
      const value = readStoredValue(data);
      if (value?.tag !== 'marker') return states.set(nameOfSubject(subject), { tag: 'there' });
      const oldest = await limiter.run(() =>
        jsm.direct.getMessage(VAULT_STREAM, { seq: 1, next_by_subj: subject }),
      );
      const isOverwritten = oldest?.seq === seq;
      return states.set(nameOfSubject(subject), { tag: 'destroyed', at: value.at, isOverwritten });
    }),
  );
  return states;
}

/** Of a name that the vault has nothing of: the marker of a bucket is removed when it is long past, and its end says when. */
function stateWithout(name: string): SecretState {
  const [kind, bucket = ''] = name.split('.');
  const end = kind === 'bucket' && isLongPast(bucket, Date.now()) ? bucketEnd(bucket) : undefined;
  return end === undefined ? { tag: 'absent' } : { tag: 'destroyed', at: end, isOverwritten: true };
}
