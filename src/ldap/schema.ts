/** An attribute type (RFC 4512, 4.1.2). What it leaves to its supertype is filled in. Names are lower case. */
export interface AttributeType {
  /** Its OID too. */
  readonly names: readonly string[];
  readonly superior: string | undefined;
  readonly equality: string | undefined;
  readonly ordering: string | undefined;
  readonly substrings: string | undefined;
  /** Without its length. */
  readonly syntax: string | undefined;
  readonly isSingleValued: boolean;
  /** Held by the directory for its own use, or worked out when asked for. */
  readonly isOperational: boolean;
}

interface ObjectClass {
  readonly names: readonly string[];
  readonly superiors: readonly string[];
}

type Definition = ReadonlyMap<string, readonly string[]>;

/** What a server's subschema says of its attributes and object classes. Names are compared without regard to case. */
export class Schema {
  readonly #attributes = new Map<string, AttributeType>();
  readonly #classes = new Map<string, ObjectClass>();
  /** Those right below a class. */
  readonly #subclasses = new Map<ObjectClass, ObjectClass[]>();
  readonly #supertypes = new Set<AttributeType>();

  /** @param attributeTypes and `objectClasses`, the values of the subschema entry as text */
  constructor(attributeTypes: readonly string[], objectClasses: readonly string[]) {
    const definitions = index(attributeTypes);
    for (const definition of new Set(definitions.values())) {
      const type = attributeType(definition, definitions);
      for (const name of type.names) this.#attributes.set(name, type);
    }
    for (const definition of new Set(index(objectClasses).values())) {
      const objectClass = { names: namesOf(definition), superiors: lower(definition.get('SUP')) };
      for (const name of objectClass.names) this.#classes.set(name, objectClass);
    }
    for (const objectClass of new Set(this.#classes.values())) {
      for (const name of objectClass.superiors) {
        const superior = this.#classes.get(name);
        if (superior !== undefined) append(this.#subclasses, superior, objectClass);
      }
    }
    for (const type of this.#attributes.values()) {
      const superior = type.superior === undefined ? undefined : this.#attributes.get(type.superior);
      if (superior !== undefined) this.#supertypes.add(superior);
    }
  }

  attribute(name: string): AttributeType | undefined {
    return this.#attributes.get(name.toLowerCase());
  }

  hasSubtypes(type: AttributeType): boolean {
    return this.#supertypes.has(type);
  }

  hasClass(name: string): boolean {
    return this.#classes.has(name.toLowerCase());
  }

  /** Every name and OID of the class itself and of all below it. */
  namesOfClassAndSubclasses(name: string): Set<string> {
    const wanted = this.#classes.get(name.toLowerCase());
    const found = new Set(wanted === undefined ? [] : [wanted]);
    // Whoever is added meanwhile has its turn, too.
    for (const objectClass of found)
      for (const below of this.#subclasses.get(objectClass) ?? []) found.add(below);
    return new Set([...found].flatMap(({ names }) => names));
  }
}

function append(
  lists: Map<ObjectClass, ObjectClass[]>,
  superior: ObjectClass,
  objectClass: ObjectClass,
): void {
  const list = lists.get(superior);
  if (list === undefined) lists.set(superior, [objectClass]);
  else list.push(objectClass);
}

function index(definitions: readonly string[]): Map<string, Definition> {
  const byName = new Map<string, Definition>();
  for (const text of definitions) {
    const definition = parseDefinition(text);
    for (const name of namesOf(definition)) byName.set(name, definition);
  }
  return byName;
}

const keywords = new Set(
  (
    'NAME DESC OBSOLETE SUP EQUALITY ORDERING SUBSTR SYNTAX SINGLE-VALUE COLLECTIVE NO-USER-MODIFICATION USAGE ' +
    'ABSTRACT STRUCTURAL AUXILIARY MUST MAY'
  ).split(' '),
);

/** `( OID KEYWORD value KEYWORD ( value $ value ) … )`; the OID goes under the key `OID`. */
function parseDefinition(text: string): Definition {
  const words = text.match(/'[^']*'|[()$]|[^\s()$']+/g) ?? [];
  const definition = new Map<string, string[]>([['OID', [words[1] ?? '']]]);
  let keyword = '';
  for (const word of words.slice(2)) {
    if (word === '(' || word === ')' || word === '$') continue;
    if ((keywords.has(word) || word.startsWith('X-')) && !takesBareWord(definition, keyword)) {
      keyword = word;
      definition.set(keyword, []);
    } else {
      definition.get(keyword)?.push(word.startsWith("'") ? word.slice(1, -1) : word);
    }
  }
  return definition;
}

/** A name may be spelled like a keyword, as in `SUP NAME`. */
function takesBareWord(definition: Definition, keyword: string): boolean {
  const wantsValue = ['SUP', 'EQUALITY', 'ORDERING', 'SUBSTR', 'SYNTAX', 'USAGE'].includes(keyword);
  return wantsValue && definition.get(keyword)?.length === 0;
}

function attributeType(definition: Definition, all: ReadonlyMap<string, Definition>): AttributeType {
  return {
    names: namesOf(definition),
    superior: lower(definition.get('SUP'))[0],
    equality: inherited(definition, 'EQUALITY', all),
    ordering: inherited(definition, 'ORDERING', all),
    substrings: inherited(definition, 'SUBSTR', all),
    syntax: inherited(definition, 'SYNTAX', all)?.replace(/\{.*/, ''),
    isSingleValued: definition.has('SINGLE-VALUE'),
    isOperational: !['userapplications', undefined].includes(lower(definition.get('USAGE'))[0]),
  };
}

function inherited(
  definition: Definition,
  keyword: string,
  all: ReadonlyMap<string, Definition>,
): string | undefined {
  const seen = new Set<Definition>();
  let at: Definition | undefined = definition;
  while (at !== undefined && !seen.has(at)) {
    seen.add(at);
    const own = lower(at.get(keyword))[0];
    if (own !== undefined) return own;
    const superior: string | undefined = lower(at.get('SUP'))[0];
    at = superior === undefined ? undefined : all.get(superior);
  }
  return undefined;
}

function namesOf(definition: Definition): string[] {
  return [...lower(definition.get('OID')), ...lower(definition.get('NAME'))];
}

function lower(words: readonly string[] | undefined): string[] {
  return (words ?? []).map((word) => word.toLowerCase());
}
