/** Names under which Nest injects what `main.ts` has built. */
export const CONVERSATION_STORE = Symbol('conversation store');
export const COMMAND_RESOURCES = Symbol('command resources');
export const READ_RESOURCES = Symbol('read resources');
export const ACCOUNTS = Symbol('accounts');
export const ACCOUNT_RESOURCES = Symbol('account resources');
export const RECEIPT_RESOURCES = Symbol('receipt resources');
