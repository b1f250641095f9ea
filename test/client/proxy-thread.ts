// SPDX-License-Identifier: Apache-2.0
/** A LossyProxy on a thread of its own, so that what it does holds up nothing of the client. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { LossyProxy } from './lossy-proxy.ts';

export interface ProxyThread extends AsyncDisposable {
  readonly address: string;
  /** While it is closed, new connections end at once. */
  setOpen(open: boolean): void;
}

export async function proxyThread(host: string, port: number): Promise<ProxyThread> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { host, port } });
  const [address] = await once(worker, 'message');
  return {
    address: String(address),
    setOpen: (open) => worker.postMessage(open),
    [Symbol.asyncDispose]: async () => {
      await worker.terminate();
    },
  };
}

if (!isMainThread && parentPort !== null) {
  const { host, port } = workerData as { readonly host: string; readonly port: number };
  const proxy = await LossyProxy.start(host, port);
  parentPort.on('message', (open: boolean) => proxy.setOpen(open));
  parentPort.postMessage(proxy.address);
}
