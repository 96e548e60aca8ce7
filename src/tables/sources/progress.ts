/** Hears of an extraction while it runs. */
export type Progress = (directory: string, entries: number) => void;
