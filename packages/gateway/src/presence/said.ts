import type { Shown } from './view.js';

/** What the device of a session has said of its user; undefined before it has. */
export type Said = Shown | 'invisible' | undefined;

/** What the devices of one person on this gateway say, as it is put into Redis. */
export type Saying = {
  /** The most present that any has said. */
  readonly shown: Shown | undefined;
  /** Devices that have said nothing: `online`, unless they were invisible when they were here before. */
  readonly silent: readonly string[];
  /** Devices that are to be remembered as invisible, and those that are not any more. */
  readonly hide: readonly string[];
  readonly show: readonly string[];
};

/** Gathers what devices say. A device with several connections is invisible if one of them says so. Pure. */
export function gather(devices: readonly { readonly device: string; readonly said: Said }[]): Saying {
  const by = (...wanted: readonly Said[]) =>
    devices.filter(({ said }) => wanted.includes(said)).map(({ device }) => device);
  const hide = by('invisible');
  const seen = devices.filter(({ device }) => !hide.includes(device)).map(({ said }) => said);
  const shown = seen.includes('online') ? 'online' : seen.includes('away') ? 'away' : undefined;
  return {
    shown,
    silent: by(undefined).filter((device) => !hide.includes(device)),
    hide,
    show: by('online', 'away').filter((device) => !hide.includes(device)),
  };
}
