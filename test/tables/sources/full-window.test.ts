import { expect, test } from 'vitest';
import { fullNotNow, isFullAllowed } from '../../../src/tables/sources/full-window.ts';

const day = { from: 8 * 60, to: 18 * 60 };
const night = { from: 22 * 60 + 30, to: 6 * 60 };
const at = (hour: number, minute: number) => new Date(2026, 2, 14, hour, minute);

test.each([
  [7, 59, true],
  [8, 0, false],
  [12, 0, false],
  [17, 59, false],
  [18, 0, true],
  [0, 0, true],
])('between 08:00 and 18:00 none starts: %i:%i', (hour, minute, allowed) => {
  expect(isFullAllowed(day, at(hour, minute))).toBe(allowed);
});

test.each([
  [22, 29, true],
  [22, 30, false],
  [0, 0, false],
  [5, 59, false],
  [6, 0, true],
])('the hours may lie over midnight: %i:%i', (hour, minute, allowed) => {
  expect(isFullAllowed(night, at(hour, minute))).toBe(allowed);
});

test('without hours one may start at any time', () => {
  expect(isFullAllowed(undefined, at(12, 0))).toBe(true);
});

test('what is said tells when it is made, and how to have it now', () => {
  expect(fullNotNow(day, at(12, 0))).toMatch(
    /between 08:00 and 18:00 .* after 18:00 makes it, and build --full/,
  );
  expect(fullNotNow(night, at(23, 0))).toContain('after 06:00 tomorrow');
  expect(fullNotNow(night, at(3, 0))).toMatch(/after 06:00 makes/);
});
