import { createValue, type Value } from '../parts/value.js';

/** Where in the page one is: a conversation, or the list alone. In the fragment, so that Back works and no server sees it. */
export type Address = { readonly conversationId: string | undefined };

const read = (): Address => ({ conversationId: /^#\/c\/([A-Za-z0-9_=-]{1,140})$/.exec(location.hash)?.[1] });

export const address: Value<Address> = createValue(read());

addEventListener('hashchange', () => address.set(read()));

export const hrefOf = (conversationId: string): string => `#/c/${conversationId}`;

export function goTo(conversationId: string | undefined): void {
  location.hash = conversationId === undefined ? '#/' : hrefOf(conversationId);
}

/** The name in `#as=ann`, taken out of the address: a window that opens signed in. */
export function takeName(): string | undefined {
  const name = /^#as=([A-Za-z0-9_=-]{1,64})$/.exec(location.hash)?.[1];
  if (name !== undefined) history.replaceState(undefined, '', '#/');
  return name;
}
