/** Values that are alike in one way or another. */

const words = [
  ...[
    'Anna',
    'anna',
    'ANNA',
    'Anna Maria',
    'Anna  Maria',
    ' Anna',
    'Anna ',
    'AnnaMaria',
    'Ann',
    'Bo',
    'b',
    'B c',
  ],
  ...[
    "O'Neil",
    'co-op',
    'coop',
    'a*b',
    'a(b)',
    'a\\b',
    'x_y',
    'X^Y',
    'a\tb',
    '0',
    '12',
    'TRUE',
    'smtp:a@b.c',
  ],
];
const unicode = [
  'É',
  'é',
  'e\u0301',
  'Élan',
  'elan',
  'straße',
  'STRASSE',
  '\u212a',
  'k',
  '\ufb01n',
  'fin',
  'a\u00adb',
  'Ångström',
  'añb',
];
export const integers = [
  '0',
  '1',
  '2',
  '3',
  '5',
  '6',
  '7',
  '-1',
  '-8',
  '10',
  '512',
  '514',
  '66048',
  '2147483648',
  '8589934592',
  '-2147483648',
  '9223372036854775807',
  '-9223372036854775808',
  '123456789012345678901234',
];
export const phones = ['+44 131 650 1000', '+441316501000', '+44-131-650-1000', '1000', '2000'];
export const digits = ['1 2 3', '123', '12', '0123'];
export const names = ['cn=A,dc=test', 'CN=a,DC=test', 'cn=a\\2cb,dc=test', 'cn=b,dc=test'];
export const octets = ['00', '00ff', 'ff', '616263', '41'].map((value) => Buffer.from(value, 'hex'));

export const text = (value: string) => Buffer.from(value);
export const textValues = [...words, ...unicode].map(text);
export const asciiValues = words.map(text);
