import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTemplate, placeholders, type Template, TemplateError } from '../../src/config/template.ts';

test.each<[string, Template]>([
  ['text', ['text']],
  ['{address}', [{ name: 'address' }]],
  ['{alias}@example.ac.uk', [{ name: 'alias' }, '@example.ac.uk']],
  ['{a}{b}', [{ name: 'a' }, { name: 'b' }]],
  ['{{{a}}}', ['{', { name: 'a' }, '}']],
  ['{{a}}', ['{a}']],
  ['x{{{{y}}z', ['x{{y}z']],
  ['{Student ID}é', [{ name: 'Student ID' }, 'é']],
])('%s', (text, template) => {
  expect(parseTemplate(text)).toEqual(template);
});

test.each([
  ['', 0, 'empty'],
  ['ab{c', 2, 'a { without its }'],
  ['{', 0, 'a { without its }'],
  ['{a{b}', 0, 'a { without its }'],
  ['{a{{b}', 0, 'a { without its }'],
  ['a}b', 1, 'a } that closes nothing'],
  ['{a}}', 3, 'a } that closes nothing'],
  ['x{}', 1, 'without a name'],
  ['{ a}', 0, 'spaces at its edges'],
  ['ab\nc', 2, 'line break'],
])('%j is refused at %i', (text, offset, message) => {
  const error = thrown(() => parseTemplate(text));
  expect(error).toBeInstanceOf(TemplateError);
  expect(error).toMatchObject({ offset, message: expect.stringContaining(message) });
  expect(String(error)).toContain(`at character ${offset + 1}`);
});

test('any text and any placeholders are read back', () => {
  const text = fc.stringMatching(/^[ -~é€]+$/);
  const placeholder = fc.stringMatching(/^[!-z]+$/).map((name) => ({ name }));
  // Neighbouring texts are one text.
  const template = fc
    .array(fc.oneof(text, placeholder), { minLength: 1 })
    .map((parts) => parts.filter((part, i) => typeof part !== 'string' || typeof parts[i + 1] !== 'string'));
  fc.assert(
    fc.property(template, (parts) => {
      const written = parts.map((part) => {
        return typeof part === 'string' ? part.replace(/[{}]/g, '$&$&') : `{${part.name}}`;
      });
      expect(parseTemplate(written.join(''))).toEqual(parts);
    }),
  );
});

test('placeholders', () => {
  expect(placeholders(parseTemplate('{a}x{b}{{c}}'))).toEqual(['a', 'b']);
});

function thrown(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
