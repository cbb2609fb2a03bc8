import { arch, cpus, platform, totalmem } from 'node:os';
import Table from 'cli-table3';
import { Command } from 'commander';
import type { Case, Figure } from './case.js';
import { append } from './cases/append.js';
import { appendSealed } from './cases/append-sealed.js';
import { fanOut } from './cases/fan-out.js';
import { groups } from './cases/groups.js';
import { latency } from './cases/latency.js';
import { memory } from './cases/memory.js';
import { page } from './cases/page.js';
import { pageOpened } from './cases/page-opened.js';
import { presence } from './cases/presence.js';
import { projector } from './cases/projector.js';
import { query } from './cases/query.js';
import { rebuild } from './cases/rebuild.js';
import { rebuildLive } from './cases/rebuild-live.js';
import { receipts } from './cases/receipts.js';
import { replay } from './cases/replay.js';
import { resume } from './cases/resume.js';
import { revocation } from './cases/revocation.js';
import { showAt } from './cases/show-at.js';
import { storm } from './cases/storm.js';
import { sustained } from './cases/sustained.js';
import { sync } from './cases/sync.js';
import { timeline } from './cases/timeline.js';
import { tombstones } from './cases/tombstones.js';
import { transfer } from './cases/transfer.js';
import { vault } from './cases/vault.js';
import { verify } from './cases/verify.js';
import { voiceChannel } from './cases/voice-channel.js';
import { voiceEdges } from './cases/voice-edges.js';
import { voiceFailover } from './cases/voice-failover.js';
import { voiceFailoverWeb } from './cases/voice-failover-web.js';
import { voiceForward } from './cases/voice-forward.js';
import { voiceJoin } from './cases/voice-join.js';
import { voiceLatency } from './cases/voice-latency.js';
import { voicePutOut } from './cases/voice-put-out.js';
import { voiceSwitch } from './cases/voice-switch.js';
import { webLoad } from './cases/web-load.js';
import { webScroll } from './cases/web-scroll.js';

const cases: readonly Case[] = [
  append,
  appendSealed,
  projector,
  rebuild,
  rebuildLive,
  replay,
  query,
  timeline,
  page,
  pageOpened,
  sync,
  showAt,
  receipts,
  resume,
  storm,
  fanOut,
  groups,
  latency,
  revocation,
  sustained,
  memory,
  presence,
  vault,
  voiceJoin,
  voiceSwitch,
  webLoad,
  webScroll,
  tombstones,
  verify,
  transfer,
  voiceChannel,
  voiceEdges,
  voiceForward,
  voiceLatency,
  voiceFailover,
  voiceFailoverWeb,
  voicePutOut,
];

const program = new Command('bench')
  .description('Measures our paths against their ceilings, interleaved in one run.')
  .argument('[case...]', `which: ${cases.map(({ name }) => name).join(', ')} (default: all)`)
  .option('--quick', 'small sizes: to see that it works, not to quote', false)
  .option('--json', 'print JSON only', false)
  .addHelpText('after', '\nExample:\n  npm run bench -- append --quick\n');

program.parse();
const wanted = program.args;
const { quick, json } = program.opts<{ quick: boolean; json: boolean }>();
const unknown = wanted.filter((name) => !cases.some((each) => each.name === name));
if (unknown.length > 0)
  program.error(`no such case: ${unknown.join(', ')}; there are ${cases.map(({ name }) => name).join(', ')}`);

const figures: Figure[] = [];
for (const each of cases) {
  if (wanted.length > 0 && !wanted.includes(each.name)) continue;
  process.stderr.write(`${each.name}: ${each.about}\n`);
  figures.push(...(await each.run({ quick, say: (line) => process.stderr.write(`  ${line}\n`) })));
}

const machine = `${platform()} ${arch()}, ${cpus().length} x ${cpus()[0]?.model ?? 'cpu'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
if (json)
  process.stdout.write(
    `${JSON.stringify({ at: new Date().toISOString(), machine, quick, figures }, null, 2)}\n`,
  );
else process.stdout.write(`${machine}\n${tableOf(figures)}\n`);
process.exit(0);

function tableOf(rows: readonly Figure[]): string {
  const table = new Table({
    head: ['figure', 'ours', 'ceiling', 'ratio', 'target', 'met', 'note'],
    style: { head: [] },
  });
  for (const row of rows) {
    table.push([
      row.name,
      `${shown(row.ours)} ${row.unit}`,
      row.ceiling === undefined ? '' : `${shown(row.ceiling)} ${row.unit}`,
      row.ratio === undefined ? '' : row.ratio.toFixed(2),
      row.target,
      row.met ? 'yes' : 'no',
      row.note ?? '',
    ]);
  }
  return table.toString();
}

function shown(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
