/** `{name}` placeholders and the text between them, in order. */
export type Template = readonly (string | Placeholder)[];

export interface Placeholder {
  readonly name: string;
}
