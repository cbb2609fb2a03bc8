/**
 * What the SDK keeps of one user: commands in the order in which they were given, and named values. There are three: memory,
 * IndexedDB and a file. A promise that resolves means that it is stored as durably as this storage can.
 */
export type Storage = {
  /** Everything appended and not removed, oldest first. */
  entries(): Promise<readonly StoredEntry[]>;
  /** Resolves with the id of the entry: larger than every id given before, by whichever holder of this storage. */
  append(value: unknown): Promise<number>;
  /** Puts another value in an entry's place; nothing where it is gone. */
  replace(id: number, value: unknown): Promise<void>;
  remove(id: number): Promise<void>;
  get(name: string): Promise<unknown>;
  set(name: string, value: unknown): Promise<void>;
  /** Forgets everything of this user. */
  clear(): Promise<void>;
  close(): Promise<void>;
  /** Other holders of this storage, such as tabs of one browser; none where only one can hold it. */
  readonly others?: Others;
};

export type StoredEntry = { readonly id: number; readonly value: unknown };

/** Those who share a storage: one of them leads, and sends; all hear what any of them says. */
export type Others = {
  /** Calls `lead` when this holder leads, which it does from then on until it closes. */
  onLead(lead: () => void): void;
  tell(message: unknown): void;
  onTold(hear: (message: unknown) => void): void;
};

/** Opens what is kept of a user; `user` has the alphabet of UserId. Values are what JSON can hold. */
export type StorageFactory = (user: string) => Promise<Storage>;
