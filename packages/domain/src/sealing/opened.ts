import { type Body, type OpaqueBody, openBodyJson } from '../conversation/body.js';
import type { Sealed } from '../wire/views.js';

/**
 * A body as it was before it was sealed, or why it cannot be had: `locked`, a secret cannot be read now; `gone`, one was destroyed,
 * or what is sealed was not sealed here.
 */
export type Opened = { readonly tag: 'open'; readonly json: string } | { readonly tag: Sealed };

/** What its readers get for a body. */
export type Shown = { readonly body: Body | null; readonly sealed?: Sealed };

/** One that is damaged is as good as gone. */
export function shown(opened: Opened): Shown {
  if (opened.tag !== 'open') return { body: null, sealed: opened.tag };
  try {
    return { body: JSON.parse(opened.json) as Body };
  } catch {
    return { body: null, sealed: 'gone' };
  }
}

/** What readers get for a title. */
export type ShownTitle = { readonly title: string } | { readonly sealed: Sealed };

export function shownTitle(opened: Opened): ShownTitle {
  if (opened.tag !== 'open') return { sealed: opened.tag };
  try {
    return { title: JSON.parse(opened.json) as string };
  } catch {
    return { sealed: 'gone' };
  }
}

/** Opens a body or title that never was sealed, for which nobody needs a vault; undefined for one of another scheme. */
export function openPlain(opaque: OpaqueBody): Opened | undefined {
  const json = openBodyJson(opaque);
  return json === undefined ? undefined : { tag: 'open', json };
}
