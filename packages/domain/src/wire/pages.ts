/** Messages or conversations on a page unless the query says otherwise, and at most. */
export const DEFAULT_PAGE = 50;
export const MAX_PAGE = 200;
