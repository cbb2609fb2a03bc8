/**
 * A model is what tables a build of the read model has: the migrations up to one of them. A migration that belongs to an older model is
 * applied to every build in place and keeps its rows; what changes what rows mean makes a new model, which is built from the log beside
 * the one that is served.
 */
export type Model = 1 | 2 | 3;

/** Each model's newest migration. */
const lastMigrations: Readonly<Record<Model, string>> = { 1: '004_parked', 2: '005_replies', 3: '006_calls' };

/** What a new build has. */
export const NEWEST_MODEL: Model = 3;

/** Whether this code can project into and read a model: a newer release may have made others. */
export const isKnownModel = (model: number): model is Model => model in lastMigrations;

/** Whether a migration, by the name of its file, is part of a model. */
export const isOfModel = (model: Model, file: string): boolean => file.slice(0, -4) <= lastMigrations[model];
