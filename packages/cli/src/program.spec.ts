import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { parleyProgram } from './program.js';

/** Verbs that do something themselves, by their whole name. */
function leavesOf(verb: Command, path: string): readonly { readonly path: string; readonly verb: Command }[] {
  const inner = verb.commands.filter((each) => !NOT_OURS.has(each.name()));
  if (inner.length === 0) return [{ path, verb }];
  return inner.flatMap((each) => leavesOf(each, `${path} ${each.name()}`.trim()));
}

/** Of the libraries. */
const NOT_OURS = new Set(['help', 'complete', 'completion']);

/** Talks with a person, or keeps running, or writes what has a format of its own. */
const WITHOUT_JSON = new Set(['up', 'chat', 'token', 'replay', 'erasure key']);

function helpOf(verb: Command): string {
  let help = '';
  verb.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return help;
}

const program = await parleyProgram();
const leaves = leavesOf(program, '');

describe('every verb', () => {
  it.each(leaves)('$path has an example of itself in its help', ({ path, verb }) => {
    expect(helpOf(verb)).toMatch(new RegExp(`Example[^]*\\$ (.*\\| )?(parley ${path}\\b|parley .*${path})`));
  });

  it.each(leaves.filter(({ path }) => !WITHOUT_JSON.has(path)))('$path speaks JSON', ({ verb }) => {
    expect(verb.options.map(({ long }) => long)).toContain('--json');
  });

  it.each(leaves)('$path says of each option and argument what it is', ({ verb }) => {
    const undescribed = [...verb.options, ...verb.registeredArguments].filter(
      ({ description }) => !description,
    );
    expect(undescribed).toEqual([]);
    expect(verb.description()).toMatch(/[.?]$/);
  });
});

describe('the command line', () => {
  it('has one verb alone where it is named, the same as among all', async () => {
    for (const { name, description } of program.commands.map((verb) => ({
      name: verb.name(),
      description: verb.description(),
    }))) {
      if (NOT_OURS.has(name)) continue;
      const { commands } = await parleyProgram(name);
      expect(commands.map((verb) => [verb.name(), verb.description()])).toEqual([[name, description]]);
    }
  });

  it('has all of them where none is named, or one that there is not', async () => {
    for (const word of ['--help', 'constructor', 'complete', 'shwo'])
      expect((await parleyProgram(word)).commands).toHaveLength(program.commands.length);
  });
});
