declare module 'virtual:emoji-list' {
  /** Characters, the words it is found by, and the number of its group. */
  export const emojiList: readonly (readonly [emoji: string, words: string, group: number])[];
}
