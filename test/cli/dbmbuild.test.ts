import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  createWriteStream,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { rivalsAgree } from './dbmbuild-property.ts';
import { Rivals } from './dbmbuild-runs.ts';

const rivals = new Rivals();
afterAll(() => rivals.close());
beforeEach(() => rivals.prepare((path) => writeFileSync(path('source'), 'a: 1\nB: 2\n')));

const hex = (text: string) => Buffer.from(text, 'latin1').toString('hex');
const ours = (name: string) => rivals.path('mailhub-dbmbuild', name);

async function agree(argv: readonly string[], input: string | Uint8Array = '') {
  const both = await rivals.both(argv, input);
  expect(both.ours).toEqual(both.theirs);
  return both.ours;
}

describe('mailhub-dbmbuild ends, prints and stores as exim_dbmbuild does', () => {
  it('whatever the options and the input', async () => {
    await rivalsAgree(rivals, 200);
  });

  it('when all is well', async () => {
    expect(await agree(['source', 'table'])).toEqual({
      status: 0,
      stdout: '2 entries written\n',
      stderr: '',
      stored: [`${hex('a\0')} ${hex('1\0')}`, `${hex('b\0')} ${hex('2\0')}`],
    });
  });

  it.each([
    [[]],
    [['source']],
    [['source', 'table', 'more']],
    [['-nolc']],
    [['-nolc', 'source']],
    [['-NOLC', 'source', 'table']],
    [['source', '-nolc', 'table']],
    [['--', 'source', 'table']],
    [['--help']],
  ])('for the wrong usage %j', async (argv) => {
    expect(await agree(argv)).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^usage: exim_dbmbuild/),
    });
  });

  it.each([
    [['-nolc', '-nowarn', '-lastdup', '-noduperr', '-nozero', 'source', 'table']],
    [['-nozero', '-nozero', 'source', 'table']],
    [['-x', 'table']],
    [['nothing', 'table']],
    [['source/x', 'table']],
    [['loop', 'table']],
    [['', 'table']],
    [['source', 'source']],
    [['nothing', 'nothing']],
    [['-', '-']],
    [['source', '/nonexistent/table']],
    [['source', '/dev/null/table']],
    [['source', 'n'.repeat(236)]],
    [['source', 'n'.repeat(237)]],
    [['source', 'n'.repeat(492)]],
    [['source', 'n'.repeat(493)]],
    [['source', 'é'.repeat(247)]],
    [['nothing', 'n'.repeat(493)]],
  ])('with the command line %j', async (argv) => {
    rivals.prepare((path) => {
      writeFileSync(path('source'), 'a: 1\nB: 2\n');
      symlinkSync('loop', path('loop'));
    });
    await agree(argv);
  });

  it('on standard input', async () => {
    expect((await agree(['-', 'table'], 'x: 1\nx: 2\n')).status).toBe(1);
    expect((await agree(['-', 'table'])).stored).toEqual([]);
    const lines = Array.from({ length: 100_000 }, (_, i) => `key${i}: value${i}\n`);
    expect((await agree(['-', 'table'], lines.join(''))).stored).toHaveLength(100_000);
  });

  it('from a pipe in the place of the file', async () => {
    rivals.prepare((path) => {
      execFileSync('mkfifo', [path('pipe')]);
      createWriteStream(path('pipe')).end('x: 1\n'.repeat(50_000));
    });
    expect((await agree(['pipe', 'table'])).stdout).toMatch(/^1 entry written\n49999 duplicate keys/);
  });

  it('with duplicates', async () => {
    rivals.source('a: 1\nb: 2\nA: 3\na: 4\n"b": 5\n"c\\0x": 6\n"c\\0y": 7\n"c\\0x": 8\n');
    const warnings = ['a', 'a', 'b', 'c'].map((key) => `** Duplicate key "${key}"\n`).join('');
    expect(await agree(['source', 'table'])).toMatchObject({ status: 1, stderr: warnings });
    expect(await agree(['-noduperr', 'source', 'table'])).toMatchObject({ status: 0, stderr: warnings });
    expect(await agree(['-nowarn', 'source', 'table'])).toMatchObject({ status: 1, stderr: '' });
    expect((await agree(['-lastdup', 'source', 'table'])).stored).toContain(`${hex('a\0')} ${hex('4\0')}`);
    expect((await agree(['-nolc', 'source', 'table'])).stdout).toBe('5 entries written\n3 duplicate keys \n');
  });

  it('when it gives up, and then the old table stays', async () => {
    const long = 'w'.repeat(19_999);
    for (const text of [
      `a: 1\na: 2\n${long}\n`,
      `a: 1\na: 2\n ${long}\n`,
      `a: 1\na: 2\n#${long}\n`,
      `${long}\n`,
    ]) {
      await agree(['source', 'table']);
      rivals.source(text);
      expect(await agree(['source', 'table'])).toMatchObject({
        status: 2,
        stderr: '',
        stored: expect.any(Array),
      });
    }
    rivals.source(`a: 1\na: 2\n${'k'.repeat(256)}: 3\n`);
    expect((await agree(['source', 'table'])).stderr).toBe('** Duplicate key "a"\n');
    rivals.source(`a: 1\na: 2\n${` ${'v'.repeat(10_000)}\n`.repeat(10)}`);
    expect((await agree(['source', 'table'])).stderr).toBe('');
  });

  it('with the mode that the umask leaves, in place of whatever file was there', async () => {
    rivals.prepare((path) => {
      writeFileSync(path('source'), 'a: 1\n');
      writeFileSync(path('table'), 'old');
      chmodSync(path('table'), 0o600);
    });
    await agree(['source', 'table']);
    const modes = (['exim_dbmbuild', 'mailhub-dbmbuild'] as const).map(
      (program) => statSync(rivals.path(program, 'table')).mode,
    );
    expect(modes[1]).toBe(modes[0]);
    rivals.prepare((path) => {
      writeFileSync(path('source'), 'a: 1\n');
      writeFileSync(path('elsewhere'), 'old');
      symlinkSync('elsewhere', path('table'));
    });
    await agree(['source', 'table']);
    expect(lstatSync(ours('table')).isFile()).toBe(true);
    expect(readFileSync(ours('elsewhere'), 'utf8')).toBe('old');
  });

  it('when the table can not take its place', async () => {
    rivals.prepare((path) => {
      writeFileSync(path('source'), 'a: 1\na: 2\n');
      mkdirSync(path('directory'));
    });
    expect(await agree(['source', 'directory'])).toMatchObject({
      status: 1,
      stdout: '1 entry written\n1 duplicate key \nUnable to rename directory.dbmbuild_temp as directory\n',
    });
    await agree(['source', '']);
    await agree(['source', '.']);
    expect(readdirSync(rivals.directory('mailhub-dbmbuild'))).toEqual(['directory', 'source']);
  });
});

describe('mailhub-dbmbuild, killed at any moment', () => {
  it('leaves the old table or the new one', async () => {
    await rivals.run('mailhub-dbmbuild', ['source', 'old']);
    rivals.source(Array.from({ length: 50_000 }, (_, i) => `key${i}: value${i}\n`).join(''));
    const started = performance.now();
    await rivals.run('mailhub-dbmbuild', ['source', 'whole']);
    const duration = performance.now() - started;
    for (let moment = 1; moment <= 20; moment++) {
      copyFileSync(ours('old'), ours('table'));
      const [command, ...first] = rivals.command('mailhub-dbmbuild');
      const child = spawn(command, [...first, 'source', 'table'], {
        cwd: rivals.directory('mailhub-dbmbuild'),
      });
      const timer = setTimeout(() => child.kill('SIGKILL'), (duration * moment) / 16);
      await new Promise((resolve) => child.on('close', resolve));
      clearTimeout(timer);
      expect([2, 50_000]).toContain(rivals.stored('mailhub-dbmbuild')?.length);
    }
  });
});

describe('where exim_dbmbuild loses data, mailhub-dbmbuild', () => {
  const abandoned = 'dbmbuild abandoned\n';

  it('does not merge what a killed run left into the table', async () => {
    const { theirs } = await rivals.both(['source', 'table.dbmbuild_temp']);
    expect(theirs.status).toBe(0);
    rivals.source('c: 3\n');
    const both = await rivals.both(['source', 'table']);
    expect(both.theirs.stored).toHaveLength(3);
    expect(both.ours).toEqual({
      status: 0,
      stdout: '1 entry written\n',
      stderr: '',
      stored: [`${hex('c\0')} ${hex('3\0')}`],
    });
    expect(readdirSync(rivals.directory('mailhub-dbmbuild')).sort()).toEqual([
      'source',
      'table',
      'table.dbmbuild_temp',
    ]);
  });

  it('refuses a key of 256 bytes under -nozero too', async () => {
    rivals.source(`${'k'.repeat(255)}: 1\n`);
    expect((await agree(['-nozero', 'source', 'table'])).status).toBe(0);
    rivals.source(`${'k'.repeat(256)}: 1\n`);
    expect(await rivals.run('mailhub-dbmbuild', ['-nozero', 'source', 'table'])).toMatchObject({
      status: 2,
      stdout: `Keys longer than 255 characters cannot be handled\n${abandoned}`,
    });
  });

  it('does not take an input that it can not read for an empty one', async () => {
    const { theirs, ours } = await rivals.both(['/', 'table']);
    expect(theirs).toMatchObject({ status: 0, stdout: '0 entries written\n', stored: [] });
    expect(ours).toEqual({
      status: 2,
      stdout: abandoned,
      stderr: 'mailhub-dbmbuild: unable to read /: Is a directory\n',
      stored: undefined,
    });
  });

  it('does not publish what the disk had no room for', async () => {
    const limited = ['sh', '-c', 'trap "" XFSZ; ulimit -f 256; exec "$@"', 'sh'];
    const entries = Array.from({ length: 4000 }, (_, i) => `key${i}: value${i}\n`).join('');
    await agree(['source', 'table']);
    rivals.source(entries);
    const theirs = await rivals.run('exim_dbmbuild', ['source', 'table'], '', limited);
    expect(theirs).toMatchObject({ status: 0, stdout: '4000 entries written\n', stderr: '' });
    expect(theirs.stored?.length).toBeLessThan(4000);
    expect(await rivals.run('mailhub-dbmbuild', ['source', 'table'], '', limited)).toEqual({
      status: 2,
      stdout: abandoned,
      stderr: 'mailhub-dbmbuild: unable to write table: File too large\n',
      stored: [`${hex('a\0')} ${hex('1\0')}`, `${hex('b\0')} ${hex('2\0')}`],
    });
    expect(readdirSync(rivals.directory('mailhub-dbmbuild')).sort()).toEqual(['source', 'table']);
  });

  it('does not overwrite its input under another name', async () => {
    rivals.prepare((path) => {
      writeFileSync(path('aliases'), 'a: 1\n');
      symlinkSync('aliases', path('link'));
    });
    for (const source of ['./aliases', 'link', ours('aliases')]) {
      expect(await rivals.run('mailhub-dbmbuild', [source, 'aliases'])).toMatchObject({
        status: 1,
        stdout: 'exim_dbmbuild: input and output filenames are the same\n',
      });
    }
    expect(readFileSync(ours('aliases'), 'utf8')).toBe('a: 1\n');
    expect((await rivals.run('exim_dbmbuild', ['./aliases', 'aliases'])).status).toBe(0);
  });

  it('finds the directory of a relative output path', async () => {
    rivals.prepare((path) => {
      writeFileSync(path('source'), 'a: 1\n');
      mkdirSync(path('tables'));
    });
    const both = await rivals.both(['source', 'tables/table']);
    expect(both.theirs).toMatchObject({ status: 1, stdout: expect.stringMatching(/unable to create/) });
    expect(both.ours).toMatchObject({ status: 0, stdout: '1 entry written\n' });
    expect(readdirSync(ours('tables'))).toEqual(['table']);
  });
});

describe('a text that is large enough for a second thread', () => {
  const lines = Array.from(
    { length: 400_000 },
    (_, i) => `Key${i}@some.example.ac.uk: user${i}@example.ac.uk\n`,
  );
  const large = lines.join('');
  const preloaded = ['env', 'NODE_OPTIONS=--import=./preloaded.mjs'];

  /** Has reading wait for the thread. @param onJob what the thread does with a message before anything else */
  function preload(onJob = ''): void {
    writeFileSync(
      ours('preloaded.mjs'),
      `import fs from 'node:fs';
       import { syncBuiltinESMExports } from 'node:module';
       import { isMainThread, parentPort } from 'node:worker_threads';
       const { read } = fs;
       fs.read = (...given) => (fs.existsSync('ready') ? read(...given) : setTimeout(fs.read, 5, ...given));
       syncBuiltinESMExports();
       if (!isMainThread) {
         parentPort.on('message', ({ job }) => { ${onJob} });
         const post = parentPort.postMessage.bind(parentPort);
         parentPort.postMessage = (message) => { post(message); fs.writeFileSync('ready', ''); };
       }`,
    );
  }

  it('comes to the same as exim_dbmbuild makes of it, and one processor', async () => {
    rivals.source(large + lines.slice(7, 9).join(''));
    const { stdout } = await agree(['-nowarn', 'source', 'table']);
    expect(stdout).toBe('400000 entries written\n2 duplicate keys \n');
    const table = readFileSync(ours('table'));
    preload();
    for (const wrapper of [preloaded, ['taskset', '-c', '0']]) {
      await rivals.run('mailhub-dbmbuild', ['-nowarn', 'source', 'table'], '', wrapper);
      expect(readFileSync(ours('table')).equals(table)).toBe(true);
    }
  });

  it('is no table when that thread dies', async () => {
    rivals.source(large);
    preload("if (job.kind === 'share') process.exit();");
    expect(await rivals.run('mailhub-dbmbuild', ['source', 'table'], '', preloaded)).toEqual({
      status: 2,
      stdout: 'dbmbuild abandoned\n',
      stderr: 'mailhub-dbmbuild: unable to write table: the thread that did half of it has ended\n',
      stored: undefined,
    });
    const left = readdirSync(rivals.directory('mailhub-dbmbuild')).sort();
    expect(left).toEqual(['preloaded.mjs', 'ready', 'source']);
  });
});
