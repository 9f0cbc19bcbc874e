# Threads in Python: locks, conditions, queues made of them, timers, children of threads.
import _thread, collections, contextlib, functools, os, select, signal, socket, subprocess, sys, threading, time
os.environ['PATH'] = '/bin:/usr/bin'
def work(number, results):
    total = 0
    for i in range(20000): total += i * number
    results[number] = total
results = {}
threads = [threading.Thread(target=work, args=(number, results)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(results.items()), threading.active_count(), threading.main_thread() is threading.current_thread())
lock = threading.Lock(); condition = threading.Condition(lock); queue = collections.deque()
def produce():
    for i in range(5):
        with condition: queue.append(i); condition.notify()
        time.sleep(0.01)
producer = threading.Thread(target=produce); producer.start(); got = []
while len(got) < 5:
    with condition:
        while not queue: condition.wait(2)
        got.append(queue.popleft())
producer.join(); print(got)
event = threading.Event(); timer = threading.Timer(0.05, event.set); timer.start(); print(event.wait(5), event.is_set())
semaphore = threading.Semaphore(2); semaphore.acquire(); semaphore.acquire(); print(semaphore.acquire(timeout=0.05))
barrier = threading.Barrier(3); arrived = []
def arrive(name): arrived.append(name); barrier.wait(); arrived.append(name)
threads = [threading.Thread(target=arrive, args=(name,)) for name in 'abc']
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(arrived[:3]), sorted(arrived[3:]))
local = threading.local(); local.value = 'main'; seen = []
def look(): seen.append(getattr(local, 'value', 'nothing')); local.value = 'other'
thread = threading.Thread(target=look); thread.start(); thread.join(); print(seen, local.value)
def child(number): outputs[number] = subprocess.check_output(['sh', '-c', f'sleep 0.0{number}; echo {number}'], text=True).strip()
outputs = {}; threads = [threading.Thread(target=child, args=(number,)) for number in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(outputs.items()))
read, write = os.pipe(); lines = []
def reader(): lines.append(os.read(read, 100)); lines.append(os.read(read, 100))
thread = threading.Thread(target=reader); thread.start(); os.write(write, b'first')
while not lines: time.sleep(0.001)
os.write(write, b'second'); thread.join(); print(lines)
one, other = socket.socketpair()
def echo():
    while data := other.recv(100): other.sendall(data.upper())
    other.close()
thread = threading.Thread(target=echo); thread.start(); one.sendall(b'hello'); print(one.recv(100)); one.shutdown(socket.SHUT_WR); print(one.recv(100)); thread.join()
caught = []; signal.signal(signal.SIGUSR1, lambda number, frame: caught.append(threading.current_thread() is threading.main_thread()))
thread = threading.Thread(target=lambda: os.kill(os.getpid(), signal.SIGUSR1)); thread.start(); thread.join(); time.sleep(0.01); print(caught)
sys.stdout.flush(); pid = os.fork()
if pid == 0: print(threading.active_count(), flush=True); os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), threading.get_native_id() == os.getpid())
def fail(): raise ValueError('in a thread')
threading.excepthook = lambda args: print(args.exc_type.__name__, args.exc_value); thread = threading.Thread(target=fail); thread.start(); thread.join()
lazy = functools.lru_cache(maxsize=None)(lambda n: n if n < 2 else lazy(n - 1) + lazy(n - 2)); print(lazy(80), threading.stack_size())
daemon = threading.Thread(target=time.sleep, args=(100,), daemon=True); daemon.start(); print(daemon.is_alive()); sys.exit(9)
