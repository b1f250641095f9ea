// SPDX-License-Identifier: Apache-2.0
// One contestant: the Java client with its asynchronous calls. Arguments and output: see contest.ts.

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;

public class JavaClient {
    static volatile boolean over;
    static final AtomicLong calls = new AtomicLong();

    public static void main(String[] words) throws Exception {
        String path = words[1];
        boolean isGet = words[2].equals("get");
        int inFlight = Integer.parseInt(words[3]);
        byte[] data = new byte[Integer.parseInt(words[4])];
        Arrays.fill(data, (byte) 'x');
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeper client = new ZooKeeper(words[0], 10_000, event -> {
            if (event.getState() == KeeperState.SyncConnected) connected.countDown();
        });
        connected.await();
        for (int worker = 0; worker < inFlight; worker++) {
            if (isGet) get(client, path);
            else set(client, path, data);
        }
        Thread.sleep(Long.parseLong(words[5]));
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long callsBefore = calls.get(), cpuBefore = system.getProcessCpuTime(), start = System.nanoTime();
        Thread.sleep(Long.parseLong(words[6]));
        long done = calls.get() - callsBefore, cpu = system.getProcessCpuTime() - cpuBefore;
        long took = System.nanoTime() - start;
        over = true;
        System.out.printf("{\"calls\":%d,\"ms\":%.3f,\"cpuMs\":%.3f}%n", done, took / 1e6, cpu / 1e6);
        client.close();
        System.exit(0);
    }

    static void get(ZooKeeper client, String path) {
        client.getData(path, false, (code, at, context, data, stat) -> {
            if (code != 0) throw new IllegalStateException("code " + code);
            calls.incrementAndGet();
            if (!over) get(client, path);
        }, null);
    }

    static void set(ZooKeeper client, String path, byte[] data) {
        client.setData(path, data, -1, (code, at, context, stat) -> {
            if (code != 0) throw new IllegalStateException("code " + code);
            calls.incrementAndGet();
            if (!over) set(client, path, data);
        }, null);
    }
}
