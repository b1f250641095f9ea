// SPDX-License-Identifier: Apache-2.0
export const CreateMode = { PERSISTENT: 0, PERSISTENT_SEQUENTIAL: 2, EPHEMERAL: 1, EPHEMERAL_SEQUENTIAL: 3 };
