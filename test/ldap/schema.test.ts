import { expect, test } from 'vitest';
import { Schema } from '../../src/ldap/schema.ts';

const schema = new Schema(
  [
    "( 2.5.4.41 NAME 'name' DESC 'it''s a (name) SUP nothing' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32768} )",
    "( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'EQUALITY' SUP name ORDERING caseIgnoreOrderingMatch )",
    '( 2.5.4.99 SUP NAME)',
    "(1.2.3 NAME 'tight' SYNTAX '1.2.4' NO-USER-MODIFICATION USAGE directoryOperation X-ORIGIN ( 'a' 'b' ) )",
    "( 1.2.5 NAME 'open' USAGE userApplications SINGLE-VALUE )",
    "( 1.2.6 NAME 'loop' SUP loop )",
  ],
  [
    "( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )",
    "( 2.5.6.6 NAME 'person' SUP TOP STRUCTURAL MUST ( sn $ cn ) MAY ( SUP $ description ) )",
    "( 2.5.6.7 NAME ( 'organizationalPerson' 'op' ) SUP person STRUCTURAL )",
    "( 2.5.6.8 NAME 'both' SUP ( op $ extra ) AUXILIARY )",
    "( 2.5.6.9 NAME 'extra' AUXILIARY )",
    "( 2.5.6.10 NAME 'round' SUP round2 )",
    "( 2.5.6.11 NAME 'round2' SUP round )",
  ],
);

test('an attribute type has its names, and from its supertype what it does not say itself', () => {
  const cn = schema.attribute('COMMONNAME');
  expect(cn).toEqual({
    names: ['2.5.4.3', 'cn', 'commonname'],
    superior: 'name',
    equality: 'caseignorematch',
    ordering: 'caseignoreorderingmatch',
    substrings: 'caseignoresubstringsmatch',
    syntax: '1.3.6.1.4.1.1466.115.121.1.15',
    isSingleValued: false,
    isOperational: false,
  });
  expect(schema.attribute('2.5.4.3')).toBe(cn);
  expect(schema.attribute('2.5.4.99')).toMatchObject({ superior: 'name', equality: 'caseignorematch' });
  expect(schema.attribute('nothing')).toBeUndefined();
});

test('operational attributes are told from those of the users', () => {
  expect(schema.attribute('tight')).toMatchObject({ syntax: '1.2.4', isOperational: true });
  expect(schema.attribute('open')).toMatchObject({
    syntax: undefined,
    isSingleValued: true,
    isOperational: false,
  });
});

test('subtypes are known', () => {
  const has = (name: string) => {
    const type = schema.attribute(name);
    return type !== undefined && schema.hasSubtypes(type);
  };
  expect([has('name'), has('cn'), has('open')]).toEqual([true, false, false]);
});

test('a class matches the names of all classes below it', () => {
  const below = (name: string) => [...schema.namesOfClassAndSubclasses(name)].sort();
  expect(below('Person')).toEqual([
    '2.5.6.6',
    '2.5.6.7',
    '2.5.6.8',
    'both',
    'op',
    'organizationalperson',
    'person',
  ]);
  expect(below('extra')).toEqual(['2.5.6.8', '2.5.6.9', 'both', 'extra']);
  expect(below('round')).toEqual(['2.5.6.10', '2.5.6.11', 'round', 'round2']);
  expect(below('none')).toEqual([]);
  expect([schema.hasClass('OP'), schema.hasClass('2.5.6.9'), schema.hasClass('x')]).toEqual([
    true,
    true,
    false,
  ]);
});
