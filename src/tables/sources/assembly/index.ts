export { bytesWritten, readPlainRecords, recordsRead, setTemplates } from './csv';
