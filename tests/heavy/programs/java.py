"""Java: the compiler over many classes, and a program with thread pools, monitors and java.util.concurrent."""

from tests.heavy.harness import Program, Triaged

CLASS = """
import java.util.*;
import java.util.function.*;
public class C%(n)d implements Comparable<C%(n)d> {
    private final Map<String, List<Integer>> map = new TreeMap<>();
    public int compareTo(C%(n)d other) { return Integer.compare(total(), other.total()); }
    public void add(String key, int value) { map.computeIfAbsent(key, k -> new ArrayList<>()).add(value * %(n)d); }
    public int total() { return map.values().stream().flatMap(List::stream).mapToInt(i -> i).sum(); }
    public static int run() {
        C%(n)d c = new C%(n)d();
        for (int i = 0; i < 50; i++) c.add("key" + i %% 7, i);
        Supplier<Integer> supplier = () -> c.total() + %(n)d;
        return supplier.get();
    }
}
"""

MAIN = """
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.concurrent.locks.*;
import java.util.stream.*;

public class Main {
    static final Object[] monitors = new Object[16];
    static final long[] accounts = new long[16];

    static void transfers(int seed) {
        for (int i = 0; i < 60000; i++) {
            int one = (seed * 7 + i * 13) % 16, two = (seed * 11 + i * 5) % 16, low = Math.min(one, two), high = Math.max(one, two);
            synchronized (monitors[low]) { synchronized (monitors[high]) { accounts[one] -= 1; accounts[two] += 1; } }
        }
    }

    public static void main(String[] arguments) throws Exception {
        int classes = 0;
        for (int i = 0; i < Integer.parseInt(arguments[0]); i++)
            classes += (Integer) Class.forName("C" + i).getMethod("run").invoke(null);
        System.out.println("classes " + classes);

        for (int i = 0; i < 16; i++) monitors[i] = new Object();
        ExecutorService pool = Executors.newFixedThreadPool(6);
        List<Future<?>> futures = new ArrayList<>();
        for (int i = 0; i < 12; i++) { int seed = i; futures.add(pool.submit(() -> transfers(seed))); }
        for (Future<?> future : futures) future.get();
        pool.shutdown();
        System.out.println("monitors " + Arrays.toString(accounts) + " " + pool.awaitTermination(30, TimeUnit.SECONDS));

        ArrayBlockingQueue<Integer> queue = new ArrayBlockingQueue<>(10);
        LongAdder sum = new LongAdder();
        CountDownLatch ended = new CountDownLatch(4);
        for (int i = 0; i < 4; i++)
            new Thread(() -> {
                try { for (int n; (n = queue.take()) >= 0;) sum.add(n); } catch (InterruptedException e) { sum.add(-1); }
                ended.countDown();
            }).start();
        for (int n = 0; n < 50000; n++) queue.put(n);
        for (int i = 0; i < 4; i++) queue.put(-1);
        ended.await();
        System.out.println("queue " + sum);

        ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
        ConcurrentHashMap<Integer, Integer> map = new ConcurrentHashMap<>();
        int[] plain = new int[1];
        CompletableFuture.allOf(IntStream.range(0, 8).mapToObj(t -> CompletableFuture.runAsync(() -> {
            for (int i = 0; i < 20000; i++) {
                map.merge(i % 100, 1, Integer::sum);
                if (i % 20 == 0) { lock.writeLock().lock(); try { plain[0]++; } finally { lock.writeLock().unlock(); } }
                else { lock.readLock().lock(); try { if (plain[0] < 0) throw new IllegalStateException(); } finally { lock.readLock().unlock(); } }
            }
        })).toArray(CompletableFuture[]::new)).get();
        System.out.println("map " + map.values().stream().mapToInt(i -> i).sum() + " " + plain[0]);
        System.out.println("parallel " + IntStream.range(0, 2000000).parallel().mapToLong(i -> (long) i * i % 1009).sum());
        List<byte[]> garbage = new ArrayList<>();
        for (int i = 0; i < 3000; i++) { garbage.add(new byte[20000]); if (garbage.size() > 200) garbage.clear(); }
        System.gc();
        ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(2);
        System.out.println("scheduled " + scheduler.schedule(() -> 42, 10, TimeUnit.MILLISECONDS).get());
        scheduler.shutdownNow();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("the end")));
    }
}
"""
CLASSES = 150


def write_sources(place):
    for n in range(CLASSES):
        place.write(f"C{n}.java", CLASS % {"n": n})
    place.write("Main.java", MAIN)


def drive(run):
    sources = [f"{run.shared}/{name}.java" for name in ["Main", *(f"C{n}" for n in range(CLASSES))]]
    compiled = run.execute(["javac", "-J-Xmx512m", "-Xlint:all", "-d", run.path("classes"), *sources])
    return (compiled + run.execute(["java", "-Xmx256m", "-cp", run.path("classes"), "Main", str(CLASSES)])).decode()


# HotSpot's VM thread ends inside a last safepoint, which it has begun with the lock of all threads: no Java thread may go on then.
SAFEPOINT = Triaged("misuse.exit_holding", (("Mutex::lock", "SafepointSynchronize::begin", "VMThread::run"),),
                    "the VM thread keeps the other threads out on purpose when it ends")

PROGRAMS = [Program("java", drive, ["javac", "-version"], write_sources, triaged=(SAFEPOINT,))]
