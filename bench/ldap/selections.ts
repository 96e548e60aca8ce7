/** The filters of the two tables, and what both sides ask for. */
export const filters = [
  '(&(proxyAddresses=*)(homeMDB=*))',
  '(&(proxyAddresses=*)(targetAddress=*)(msExchRecipientTypeDetails=2147483648))',
];
export const attributes = [
  'entryUUID',
  'proxyAddresses',
  'targetAddress',
  'homeMDB',
  'msExchRecipientTypeDetails',
];
