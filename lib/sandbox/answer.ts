/** An answer before it is written to the wire. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** A JSON value, or a text that is sent as it is; undefined means no body. */
  body?: unknown;
}

/** One wrong or missing property of a request. */
export interface Problem {
  propertyName: string;
  errorMessage: string;
  attemptedValue?: unknown;
  errorCode: string;
}

/** Thrown to end a call with an answer that is a failure. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`refused with ${answer.status}`);
    this.answer = answer;
  }
}

/** A success in the envelope. */
export function success(status: 200 | 202, data: unknown): Answer {
  return { status, body: { data, messages: [] } };
}

/** A failure in the envelope, with one message. */
export function failure(status: number, message: string, errorCode: string, type = 'Error'): Answer {
  return { status, body: { data: null, messages: [{ message, type, errorCode }] } };
}

/** 404: the words are those of the public contracts. */
export function notFound(what: string): Refusal {
  return new Refusal(failure(404, `Not Found. ${what} with given id does not exist`, 'NOT_FOUND'));
}

/** 409: the resource is not, or no longer, in the state that the command expects. */
export function conflict(why: string): Refusal {
  return new Refusal(failure(409, why, 'CONFLICT'));
}

/** 400 with the list of what is wrong. */
export function invalid(problems: readonly Problem[]): Refusal {
  const message = 'Bad request. The request has missing/invalid values';
  const messages = [{ message, type: 'Error', errorCode: 'VALIDATION_ERROR' }];
  const data = problems.map((problem) => ({ ...problem, attemptedValue: problem.attemptedValue ?? null }));
  return new Refusal({ status: 400, body: { data, messages } });
}

/** The problem of a property that must be there. */
export function missing(propertyName: string, attemptedValue?: unknown): Problem {
  const errorMessage = `'${propertyName}' must not be empty.`;
  return { propertyName, errorMessage, attemptedValue, errorCode: 'NotEmptyValidator' };
}

/** The problem of a property with a value that cannot be. */
export function wrong(propertyName: string, errorMessage: string, attemptedValue: unknown): Problem {
  return { propertyName, errorMessage, attemptedValue, errorCode: 'PredicateValidator' };
}
