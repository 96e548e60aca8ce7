/** Set when the program is bundled. */
declare const MAILHUB_TABLES_VERSION: string | undefined;

export const version = typeof MAILHUB_TABLES_VERSION === 'string' ? MAILHUB_TABLES_VERSION : 'development';
