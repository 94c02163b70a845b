import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { FenergoError } from '../../lib/errors.js';

/** Reads a TypedInput's value for one message. */
export type ValueReader = (msg: NodeMessage) => unknown | Promise<unknown>;

/**
 * Prepares a TypedInput: what does not depend on the message is worked out here, once.
 *
 * @param label what the field is called, for errors
 * @param type the TypedInput's type: str, num, bool, json, msg, flow, global, env, jsonata
 * @returns a reader; it throws FENERGO_INPUT when the value cannot be worked out
 */
export function typedValue(
  RED: NodeAPI,
  node: Node,
  label: string,
  type: string,
  value: string,
): ValueReader {
  switch (type) {
    case 'str':
      return () => value;
    case 'num':
      return numberReader(label, value);
    case 'bool':
      return () => value === 'true';
    case 'json':
      return jsonReader(label, value);
    case 'msg':
      return (msg) => messageProperty(RED, msg, value);
    case 'jsonata':
      return jsonataReader(RED, node, label, value);
    default:
      return (msg) => evaluate(RED, node, label, type, value, msg);
  }
}

function wrong(label: string, why: string): FenergoError {
  return new FenergoError('FENERGO_INPUT', `${label}: ${why}`);
}

function numberReader(label: string, value: string): ValueReader {
  if (value.trim() === '') return () => undefined;
  const number = Number(value);
  return () => {
    if (Number.isNaN(number)) throw wrong(label, `'${value}' is not a number`);
    return number;
  };
}

/** Parsed anew for each message, since flows change what they are given. */
function jsonReader(label: string, value: string): ValueReader {
  if (value.trim() === '') return () => undefined;
  return () => {
    try {
      return JSON.parse(value);
    } catch (error) {
      throw wrong(label, `is not JSON (${(error as Error).message})`);
    }
  };
}

function messageProperty(RED: NodeAPI, msg: NodeMessage, property: string): unknown {
  try {
    return RED.util.getMessageProperty(msg, property);
  } catch {
    // Part of the way to the property does not exist: so neither does the property.
    return undefined;
  }
}

function jsonataReader(RED: NodeAPI, node: Node, label: string, value: string): ValueReader {
  if (value.trim() === '') return () => undefined;
  let expression: ReturnType<typeof RED.util.prepareJSONataExpression>;
  let unusable: FenergoError | undefined;
  try {
    expression = RED.util.prepareJSONataExpression(value, node);
  } catch (error) {
    unusable = wrong(label, `is not a JSONata expression (${(error as Error).message})`);
  }
  return (msg) =>
    new Promise((resolve, reject) => {
      if (unusable) return reject(unusable);
      RED.util.evaluateJSONataExpression(expression, msg, (error, result) => {
        if (error) reject(wrong(label, `the expression failed (${error.message})`));
        else resolve(result);
      });
    });
}

/** Context stores may answer later; so does the environment of a subflow or a group come from Node-RED. */
function evaluate(
  RED: NodeAPI,
  node: Node,
  label: string,
  type: string,
  value: string,
  msg: NodeMessage,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    try {
      RED.util.evaluateNodeProperty(value, type, node, msg, (error, result) => {
        if (error) reject(wrong(label, error.message));
        else resolve(result);
      });
    } catch (error) {
      reject(wrong(label, (error as Error).message));
    }
  });
}
