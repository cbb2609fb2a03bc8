declare module 'virtual:emoji-list' {
  /** Characters, the name, the words it is also found by, and the number of its group. */
  export const emojiList: readonly (readonly [emoji: string, name: string, words: string, group: number])[];
}
