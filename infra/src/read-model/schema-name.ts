/** Name of the schema of a read model version. */
export const schemaOf = (version: number): string => `rm_${version}`;

/** Schema names are put into SQL as they are; anything else must not get that far. */
export const isSchemaName = (name: string): boolean => /^rm_[0-9]{1,9}$/.test(name);
