# Nearly every tool of coreutils once.
PATH=/bin:/usr/bin
umask 022; mkdir /tmp/coreutils; cd /tmp/coreutils || exit 1
seq 1 100 >n; split -l 30 n part.; ls part.*; wc part.*; cat part.* | md5sum
seq 1 500 | shuf --random-source=/bin/cat | sort -n | sum -s
head -c 100000 /dev/zero | sha256sum; head -c 70000 /bin/cat | sha1sum | wc -c
printf 'a\tb\n' | cut -f2; paste -d, n n | tail -1; join n n | head -1; comm -12 n n | wc -l
printf 'b\na\nb\n' | sort | uniq -c; tac n | head -2; nl n | tail -1; tsort <<<'a b b c'
fold -w 10 <<<abcdefghijklmnopqrstuvwxyz; fmt -w 20 <<<'some words that do not fit'; expand <<<$'a\tb'
stat -c '%s %F %a %h' n; chmod 640 n; ln n hard; stat -c '%a %h' n
touch -d @1000 n; date -u -r n; date -u -d @86399 '+%F %T %j'; du -b n
mkfifo fifo; stat -c %F fifo; cat fifo & echo through the fifo >fifo; wait
dd if=/dev/zero of=z bs=4k count=10 2>/dev/null; truncate -s 12345 z; stat -c %s z; od -A d -t x1 z | tail -1
dd if=n of=d bs=7 skip=2 seek=1 count=3 conv=notrunc 2>/dev/null; od -c d | head -2
base64 <<<hello | base64 -d; base32 <<<x; expr 6 '*' 7; factor 1234567890123; numfmt --to=iec 123456
tr a-z A-Z <<<up | tee t1 t2; cat t1 t2; env -i A=b env; basename /a/b.c .c; dirname /a/b
realpath .; readlink -f hard; pwd; pathchk a/b && test -s z; echo $?
timeout 1 sleep 0.1; echo $?; (timeout -s KILL 0.1 sleep 5; echo $?) 2>&1 | tail -1; id -u; uname -s; nproc
mktemp -u XXXX | wc -c; cp -a n n2; mv n2 n3; rm n3; ls -F; csplit -s n 50; wc -l xx00 xx01
cp --reflink=never z z2; cp --sparse=always z z3; md5sum <z3; sum z2 z3; cp -r /foreign copy; ls copy
shred -u t1; ls t1; echo $?; install -m 755 -D n x/y/inst; stat -c %a x/y/inst
mkdir -p a/b/c; rmdir -p a/b/c; ls -d a; rm -rf copy x; ln -s loop loop; cat loop; echo $?
dd if=n bs=10 count=1 2>&1 | head -1; printenv PATH; printf '%d %o %e\n' 0x1f 8 1.5; sync n; sleep 0.01
nice -n 5 nice; nohup true </dev/null 2>/dev/null; echo $?; stdbuf -oL echo line; ptx <<<'a b' | wc -l
ls -l --time-style=+%s n hard | cut -d' ' -f1-5; ls -ai . | wc -l; sum n; b2sum n; pr -t -2 -l 3 <<<$'a\nb\nc'
tail -c +280 n; head -n -98 n; wc -L n; rm -i z </dev/null 2>&1 | wc -c; test n -ef hard; echo $?
seq 1 100000 | sort -R --random-source=/bin/ls | sort -n -S 100k -T . | md5sum; ls
cksum n; seq 1 30000 | cksum; cksum -a sm3 n; cksum -a crc --untagged z; seq 1 9999 | wc -l; seq 1 9999 | wc
cd /; rm -r /tmp/coreutils; ls /tmp/coreutils; echo $?
