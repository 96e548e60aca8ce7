import fc from 'fast-check';

/** Texts for exim_dbmbuild's reader, one character a byte. Few different bytes: keys repeat, and every rule is met. */

const of = (alphabet: string, maxLength: number, minLength = 0) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });

const space = of(' \t\r\v\f', 3);
const anything = of('aB:. \t\r\v\f\0"\\#\xc3\xbc\xff\x7f\x01017xn', 12);
const plainKey = of('aAbBzZ.@-_09"#\\\xc3\x84\xff', 4);
const escapeSequence = fc.constantFrom(
  ...['\\n', '\\r', '\\t', '\\\\', '\\"', '\\0', '\\7', '\\101', '\\377', '\\777', '\\8', '\\18', '\\1018'],
  ...['\\x', '\\x4', '\\x41', '\\xfF', '\\xg', '\\x411', '\\q', '\\:', '\\ ', '\\#', '\\\0', '\\\n'],
);
const quotedPart = fc.oneof(
  { arbitrary: of('aAbB: \t#\xe4', 3), weight: 3 },
  { arbitrary: escapeSequence, weight: 2 },
);
const quotedKey = fc
  .tuple(fc.array(quotedPart, { maxLength: 4 }), fc.constantFrom('"', '"', '"', '', '\\'))
  .map(([parts, end]) => `"${parts.join('')}${end}`);
const key = fc.oneof(plainKey, quotedKey, anything);
const value = fc.oneof(
  of('aZ0@.,: ', 10),
  anything,
  fc.tuple(of('a', 3), space, of('b:"', 3)).map((parts) => parts.join('')),
);
const lineEnd = fc.oneof(
  { arbitrary: fc.constant('\n'), weight: 6 },
  fc.constantFrom('\r\n', ' \n', '\n\n', '\0\n', '\0x y\n'),
);

const entry = fc
  .tuple(key, fc.constantFrom(':', ': ', ' ', '\t', ' : ', '', ' :: ', '\r'), value, lineEnd)
  .map((parts) => parts.join(''));
const continuation = fc.tuple(of(' \t\r\v\f', 2, 1), value, lineEnd).map((parts) => parts.join(''));
const other = fc
  .tuple(
    fc.oneof(
      anything,
      anything.map((text) => `#${text}`),
      space,
    ),
    lineEnd,
  )
  .map((parts) => parts.join(''));

/** Whole files without a fault that ends the reading. */
export const datText = fc
  .array(
    fc.oneof(
      { arbitrary: entry, weight: 5 },
      { arbitrary: continuation, weight: 3 },
      { arbitrary: other, weight: 1 },
    ),
    { maxLength: 120 },
  )
  .chain((lines) => fc.constantFrom(lines.join(''), lines.join('').replace(/\n$/, '')));

const nearLimit = (limit: number) => fc.integer({ min: limit - 3, max: limit + 3 });
const word = (length: number) => 'w'.repeat(Math.max(0, length));

const longKey = fc
  .tuple(nearLimit(255), fc.constantFrom('', '"', '"\\x41\\n'))
  .map(([length, start]) => `${start}${word(length - start.length / 4)}${start === '' ? '' : '"'}: v\n`);
const longLine = fc
  .tuple(
    nearLimit(19_998),
    fc.constantFrom('a:', '"a b":', ' ', '#', 'a b\0', ' \0', '#\0', '\0', '"a\0b":'),
    fc.constantFrom('', '\0', '\0x: y\n'),
    fc.constantFrom('\n', '\r\n', ''),
  )
  .map(([length, start, middle, end]) => `${start}${word(length - start.length)}${middle}${end}`);
const longValue = fc
  .tuple(nearLimit(99_998), fc.integer({ min: 10_000, max: 19_000 }), fc.constantFrom('a:', 'a: x'))
  .map(([length, lineLength, start]) => {
    const lines = [`${start}\n`];
    for (let joined = start.length - 2 - (start === 'a: x' ? 1 : 0); joined < length; ) {
      const text = ` ${word(Math.min(lineLength, length - joined) - 1)}`;
      lines.push(`${text}\n`);
      joined += text.length;
    }
    return lines.join('');
  });

/** Whole files with lines, keys and values about as long as they may be, or longer. */
export const datTextAtTheLimits = fc
  .tuple(datText, fc.oneof(longKey, longLine, longValue), datText)
  .map((parts) => parts.join(''));
