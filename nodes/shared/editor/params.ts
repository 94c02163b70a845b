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
}

/** The parameters that an operation, or a path with braces, asks for. */
export interface AskedParams {
  pathParams: string[];
  query: string[];
}

/**
 * The rows for a call: first what it asks for, each with the value it had, then the user's own that hold a value.
 *
 * @param rows what the dialog shows, or what was saved
 */
export function rowsFor(asked: AskedParams, rows: readonly ParamRow[]): ParamRow[] {
  const wanted = [
    ...asked.pathParams.map((name) => ({ name, in: 'path' as const })),
    ...asked.query.map((name) => ({ name, in: 'query' as const })),
  ];
  const used = new Set<ParamRow>();
  const known = wanted.map((param) => {
    const row =
      rows.find((candidate) => candidate.name === param.name && candidate.in === param.in) ??
      rows.find((candidate) => candidate.name === param.name && candidate.in !== 'header');
    if (row) used.add(row);
    return { ...param, type: row?.type ?? 'str', value: row?.value ?? '', known: true };
  });
  const own = rows
    .filter((row) => !used.has(row) && row.value !== '')
    .map((row) => ({ ...row, known: false }));
  return [...known, ...own];
}

/** What is saved of the rows: those with a name and a value. The runtime leaves out empty ones anyway. */
export function paramsOf(rows: readonly ParamRow[]): Param[] {
  return rows
    .map(({ name, in: place, type, value }) => ({ name: name.trim(), in: place, type, value }))
    .filter(({ name, value }) => name !== '' && value !== '');
}
