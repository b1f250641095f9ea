import type { Mutation } from '../core/mutation.ts';

export const MUTATIONS: readonly Mutation[] = [];
