/** One JSON document; what is not known is null, so that every key is always there. */
export function jsonDocument(value: unknown): string {
  return `${JSON.stringify(value, (_, each: unknown) => (each === undefined ? null : each), 2)}\n`;
}
