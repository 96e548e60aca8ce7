/** What the program's end says; the numbers are a promise to scripts. */
export const Status = {
  ok: 0,
  error: 1,
  notFound: 2,
  held: 3,
  sourceFailed: 4,
  locked: 5,
  usage: 64,
  configuration: 78,
} as const;
