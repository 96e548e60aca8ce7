import { once } from 'node:events';
import { parse } from '@fast-csv/parse';
import { SourceError } from '../error.ts';
import type { CsvRecord } from './csv-records.ts';

/** Splits records into fields, which are Latin-1 text of their bytes without the blanks and tabs at their edges. */
export class FieldReader {
