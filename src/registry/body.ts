/** Bodies of objects in the bucket: one that doesn't fit what its key stands for is unknown, and its key is named. */
import { AgentError } from '../errors.ts';

/** The object's fields; undefined when it is no JSON object at all. */
export function parsedBody(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

export function badObject(key: string, what: string): AgentError {
  return new AgentError(
    'BAD_OBJECT',
    `The object ${key} in the bucket is no ${what} that this agent understands.`,
    'Compare it with an older version of the object, or with the release of the agent that wrote it; see the runbook.',
  );
}
