import { isKnownModel, NEWEST_MODEL } from '@parley/infra/read-model/models';
import type { Version } from '@parley/infra/read-model/versions';

/** What a projector does about the builds there are now. */
export type Plan = {
  /** To be followed from now on. */
  readonly begin: readonly number[];
  /** To be let go of: dropped, or being dropped. */
  readonly end: readonly number[];
  /** The one that is served, where this code can follow it. */
  readonly served: number | undefined;
  /** That one, where it is of an older model than a rebuild would make now. */
  readonly outdated: Version | undefined;
  /** Of a model that only a newer release knows: theirs to follow. */
  readonly strangers: readonly Version[];
};

/** Pure: from the builds that this process follows, and those that are listed. */
export function planOf(followed: readonly number[], listed: readonly Version[]): Plan {
  const following = listed.filter(({ state }) => state === 'following');
  const mine = following.filter(({ model }) => isKnownModel(model));
  const wanted = mine.map(({ version }) => version);
  const served = mine.find(({ role }) => role === 'served');
  return {
    begin: wanted.filter((version) => !followed.includes(version)),
    end: followed.filter((version) => !wanted.includes(version)),
    served: served?.version,
    outdated: served !== undefined && served.model < NEWEST_MODEL ? served : undefined,
    strangers: following.filter(({ model }) => !isKnownModel(model)),
  };
}
