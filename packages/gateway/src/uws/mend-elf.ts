/**
 * A copy of an ELF64 little-endian library that runs on a glibc older than 2.38, the same bytes for the same input.
 *
 * Built against glibc 2.38, strtol and its sisters are bound to `__isoc23_strtol@GLIBC_2.38`, which differ from the older
 * ones only in that they accept binary literals for base 0 and 2. So each such symbol is renamed to the one within its own
 * name (`strtol`), and the record that asks for version 2.38 is pointed at the version the library asks of libc already.
 *
 * @throws Error when the file is of another form, or needs anything else of 2.38.
 */
export function mendForOlderGlibc(library: Buffer): Buffer {
  const mended = Buffer.from(library);
  const sections = readSections(mended);
  const symbols = sectionOf(sections, SHT_DYNSYM);
  const names = sections[symbols.link];
  if (names === undefined) throw new Error('The library has no names of dynamic symbols.');
  const versions = libcVersions(mended, sectionOf(sections, SHT_GNU_VERNEED), names.offset);
  const tooNew = versions.find(({ name }) => name === TOO_NEW);
  if (tooNew === undefined) throw new Error(`The library does not ask for ${TOO_NEW}.`);
  const oldest = OLDEST.map((name) => versions.find((version) => version.name === name)).find(Boolean);
  if (oldest === undefined) throw new Error(`The library asks libc for none of ${OLDEST.join(', ')}.`);

  const versionOfSymbol = sectionOf(sections, SHT_GNU_VERSYM);
  for (let index = 0; index < symbols.size / SYMBOL_SIZE; index++) {
    const version = mended.readUInt16LE(versionOfSymbol.offset + index * 2) & 0x7fff;
    if (version !== tooNew.index) continue;
    const symbol = symbols.offset + index * SYMBOL_SIZE;
    const name = textAt(mended, names.offset + mended.readUInt32LE(symbol));
    if (!name.startsWith(PREFIX)) throw new Error(`The library needs ${name} of ${TOO_NEW}.`);
    mended.writeUInt32LE(mended.readUInt32LE(symbol) + PREFIX.length, symbol);
  }
  mended.writeUInt32LE(oldest.hash, tooNew.record);
  mended.writeUInt32LE(oldest.nameOffset, tooNew.record + 8);
  return mended;
}

const TOO_NEW = 'GLIBC_2.38';
/** The first versions of glibc on x86-64 and, where that is not asked for, on arm64. */
const OLDEST: readonly string[] = ['GLIBC_2.2.5', 'GLIBC_2.17'];
const PREFIX = '__isoc23_';

/** From the System V ABI and the GNU extensions of elf.h. */
const SHT_DYNSYM = 11;
const SHT_GNU_VERNEED = 0x6ffffffe;
const SHT_GNU_VERSYM = 0x6fffffff;
const SECTION_SIZE = 64;
const SYMBOL_SIZE = 24;

type Section = {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
};

/** One version asked of libc: where its record is, its number in the table of symbol versions, its name and hash. */
type Version = {
  readonly record: number;
  readonly index: number;
  readonly name: string;
  readonly nameOffset: number;
  readonly hash: number;
};

function readSections(file: Buffer): readonly Section[] {
  const isElf64LittleEndian = file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;
  if (!isElf64LittleEndian) throw new Error('The library is not in the form ELF64, little endian.');
  const start = Number(file.readBigUInt64LE(0x28));
  return Array.from({ length: file.readUInt16LE(0x3c) }, (_, index) => {
    const at = start + index * SECTION_SIZE;
    return {
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 24)),
      size: Number(file.readBigUInt64LE(at + 32)),
      link: file.readUInt32LE(at + 40),
      info: file.readUInt32LE(at + 44),
    };
  });
}

function sectionOf(sections: readonly Section[], type: number): Section {
  const section = sections.find((candidate) => candidate.type === type);
  if (section === undefined) throw new Error(`The library has no section of type 0x${type.toString(16)}.`);
  return section;
}

function libcVersions(file: Buffer, needs: Section, names: number): readonly Version[] {
  const versions: Version[] = [];
  let need = needs.offset;
  for (let n = 0; n < needs.info; n++, need += file.readUInt32LE(need + 12)) {
    if (textAt(file, names + file.readUInt32LE(need + 4)) !== 'libc.so.6') continue;
    let record = need + file.readUInt32LE(need + 8);
    for (let v = 0; v < file.readUInt16LE(need + 2); v++, record += file.readUInt32LE(record + 12)) {
      const nameOffset = file.readUInt32LE(record + 8);
      versions.push({
        record,
        index: file.readUInt16LE(record + 6),
        name: textAt(file, names + nameOffset),
        nameOffset,
        hash: file.readUInt32LE(record),
      });
    }
  }
  return versions;
}

const textAt = (file: Buffer, offset: number): string =>
  file.toString('latin1', offset, file.indexOf(0, offset));
