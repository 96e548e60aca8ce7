/** Marks up text for whoever reads it. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

const none = (text: string): string => text;

const PLAIN: Style = { bold: none, dim: none, red: none, green: none, yellow: none };

const sgr =
  (code: number) =>
  (text: string): string =>
    `\x1b[${code}m${text}\x1b[0m`;

const COLOURED: Style = {
  bold: sgr(1),
  dim: sgr(2),
  red: sgr(31),
  green: sgr(32),
  yellow: sgr(33),
};

/** Colours for a terminal, unless $NO_COLOR (no-color.org) or a dumb terminal says otherwise. */
export function styleFor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): Style {
  const wanted = (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb';
  return stream.isTTY === true && wanted ? COLOURED : PLAIN;
}
