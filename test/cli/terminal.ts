import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';

/** A real terminal with a shell in it, kept by a tmux of its own until the test ends. */
export class Terminal {
  readonly #socket: string;
  #runs = 0;

  constructor(environment: Readonly<Record<string, string>> = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'mailhub-terminal-'));
    this.#socket = join(folder, 'tmux');
    const variables = { PATH: process.env.PATH ?? '', HOME: folder, PS1: '> ', ...environment };
    const shell = [
      'env',
      '-i',
      'TERM=screen-256color',
      ...Object.entries(variables).map((each) => each.join('=')),
    ];
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', '140', '-y', '50', ...shell, 'sh');
    onTestFinished(() => {
      this.#tmux('kill-server');
      rmSync(folder, { recursive: true, force: true });
    });
  }

  /** Types a line, and return. */
  type(line: string): void {
    this.#tmux('send-keys', '-l', line);
    this.press('Enter');
  }

  /** Presses a key by tmux's name for it. */
  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  /** What stands on the screen. @param colours with the sequences that colour it */
  screen(colours = false): string {
    return this.#tmux('capture-pane', '-p', ...(colours ? ['-e'] : []));
  }

  /** Waits until the screen shows something. @returns the screen */
  async shows(pattern: RegExp): Promise<string> {
    return vi.waitFor(
      () => {
        const screen = this.screen();
        if (!pattern.test(screen)) throw new Error(`${pattern} is not on the screen:\n${screen}`);
        return screen;
      },
      { timeout: 30_000, interval: 50 },
    );
  }

  /** Runs a command to its end on an empty screen. @returns what it left there, and its status */
  async run(line: string): Promise<{ readonly status: number; readonly screen: string }> {
    // Numbered: the end of the command before may still be on the screen.
    const end = new RegExp(`^\\[(\\d+)\\] ${++this.#runs}$`, 'm');
    this.type(`clear; ${line}; echo "[$?] ${this.#runs}"`);
    const screen = await this.shows(end);
    return { status: Number(end.exec(screen)?.[1]), screen: screen.slice(0, screen.search(end)) };
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...args], { encoding: 'utf8' });
  }
}
