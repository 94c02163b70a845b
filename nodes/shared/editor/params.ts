/** A parameter as it is saved. */
export interface Param {
  name: string;
  in: 'path' | 'query' | 'header';
  type: string;
  value: string;
}

/** A parameter as the dialog shows it. */
export interface ParamRow extends Param {
  /** Belongs to the chosen operation: its name and place are not for editing. */
  known?: boolean;
  /** Belonged to an operation that was chosen before: the catalog filled it in, not a person. */
  formerly?: boolean;
  /** The call fails without it. */
  required?: boolean;
  /**
   * Does not belong to the operation: an `unused` one (of the path of another) is not sent, an `unlisted` one is sent
   * though the catalog does not know it.
   */
  stray?: 'unused' | 'unlisted';
}

/** The parameters that an operation, or a path with braces, asks for. */
export interface AskedParams {
  pathParams: string[];
  query: string[];
  headers: string[];
  /** Names of those in the query and the headers that have to be there. */
  required: string[];
  /** What the lists hold all of: what stands in none of them is marked. */
  complete: 'all' | 'path' | 'nothing';
}

/** Nothing is asked for, and nothing is known of what may be given. */
export const NO_PARAMS: AskedParams = {
  pathParams: [],
  query: [],
  headers: [],
  required: [],
  complete: 'nothing',
};

/**
 * The rows for a call: first what it asks for, each with the value it had, then the user's own that hold a value.
 *
 * @param rows what the dialog shows, or what was saved
 */
export function rowsFor(asked: AskedParams, rows: readonly ParamRow[]): ParamRow[] {
  const wanted = [
    ...asked.pathParams.map((name) => ({ name, in: 'path' as const })),
    ...asked.query.map((name) => ({ name, in: 'query' as const })),
    ...asked.headers.map((name) => ({ name, in: 'header' as const })),
  ];
  const used = new Set<ParamRow>();
  const known = wanted.map((param) => {
    const row =
      rows.find((row) => isSame(row, param) && row.in === param.in) ??
      rows.find(
        (row) =>
          isSame(row, param) &&
          !used.has(row) &&
          !wanted.some((other) => isSame(row, other) && row.in === other.in),
      );
    if (row) used.add(row);
    const required = param.in === 'path' || asked.required.includes(param.name);
    return { ...param, type: row?.type ?? 'str', value: row?.value ?? '', known: true, required };
  });
  const own = rows.filter((row) => !used.has(row) && row.value !== '').map((row) => leftOver(asked, row));
  return [...known, ...own];
}

/** A row with a value that the call does not ask for. */
function leftOver(asked: AskedParams, row: ParamRow): ParamRow {
  const formerly = row.known === true || row.formerly === true;
  const left = { ...row, formerly, known: false, required: false };
  return { ...left, stray: strayOf(asked, left) };
}

/** Whether two parameters have one name, and are both headers or both none. Headers know no capital letters. */
function isSame(a: Pick<Param, 'name' | 'in'>, b: Pick<Param, 'name' | 'in'>): boolean {
  if (a.in === 'header' || b.in === 'header') {
    return a.in === b.in && a.name.toLowerCase() === b.name.toLowerCase();
  }
  return a.name === b.name;
}

/**
 * Whether, and how, a row is none of those that a call asks for. The catalog does not list all headers that a call may
 * have: only one that it filled in itself, for another operation, is known not to belong.
 */
export function strayOf(
  asked: AskedParams,
  { name, in: place, formerly }: Pick<ParamRow, 'name' | 'in' | 'formerly'>,
): ParamRow['stray'] {
  if (place === 'path') {
    return asked.complete !== 'nothing' && !asked.pathParams.includes(name) ? 'unused' : undefined;
  }
  if (asked.complete !== 'all' || name === '') return undefined;
  if (place === 'query') return asked.query.includes(name) ? undefined : 'unlisted';
  const listed = asked.headers.some((header) => isSame({ name: header, in: place }, { name, in: place }));
  return formerly && !listed ? 'unlisted' : undefined;
}

/** What is saved of the rows: those with a name and a value. The runtime leaves out empty ones anyway. */
export function paramsOf(rows: readonly ParamRow[]): Param[] {
  return rows
    .map(({ name, in: place, type, value }) => ({ name: name.trim(), in: place, type, value }))
    .filter(({ name, value }) => name !== '' && value !== '');
}
