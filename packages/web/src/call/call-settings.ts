import { createValue, type Value } from '../parts/value.js';

/** How somebody wants their calls in this browser. Devices by the ids the browser gives them; undefined for its own choice. */
export type CallSettings = {
  readonly rings: boolean;
  readonly pushToTalk: boolean;
  readonly microphone?: string | undefined;
  readonly camera?: string | undefined;
  readonly speaker?: string | undefined;
};

const AT_FIRST: CallSettings = { rings: true, pushToTalk: false };

const known = new Map<string, Value<CallSettings>>();

/** Those of a user, kept where signing out forgets them. */
export function callSettings(user: string): Value<CallSettings> {
  const settings = known.get(user) ?? open(`parley.${user}.calls`);
  known.set(user, settings);
  return settings;
}

export function changeSettings(user: string, change: Partial<CallSettings>): void {
  const settings = callSettings(user);
  settings.set({ ...settings.snapshot(), ...change });
}

function open(key: string): Value<CallSettings> {
  const settings = createValue({ ...AT_FIRST, ...read(key) });
  settings.subscribe(() => localStorage.setItem(key, JSON.stringify(settings.snapshot())));
  return settings;
}

/** What was kept, as far as it is what it should be. */
function read(key: string): Partial<CallSettings> {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? '{}') as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(kept).filter(([name, value]) =>
        name === 'rings' || name === 'pushToTalk' ? typeof value === 'boolean' : typeof value === 'string',
      ),
    );
  } catch {
    return {};
  }
}
