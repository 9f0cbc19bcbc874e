# Ordinary work of a POSIX shell with coreutils, by Debian's dash.
set -u
PATH=/bin:/usr/bin
sum=0 i=0
while [ $i -lt 10 ]; do sum=$((sum + i * i)); i=$((i + 1)); done
echo "sum $sum"
mkdir -p /tmp/dash/a/b && cd /tmp/dash || exit 1
for word in one two three; do echo "file $word" >a/$word.txt; done
cat a/*.txt | sort -r
printf '%s-%03d\n' abc 7 xyz 42
search() { while read -r line; do case $line in *tw*) echo "found $line" ;; esac done; }
cat a/*.txt | search
(exit 3); echo "status $?"
trap 'echo trapped' USR1
kill -USR1 $$
sleep 0.1 & wait $!; echo "waited $?"
text=$(cat <<END
here $sum
$(echo nested $(echo deeper))
END
)
echo "$text"
cat a/one.txt a/two.txt >all; wc -c <all
mv all a/b/; cp a/b/all a/b/copy; md5sum <a/b/copy; rm a/b/all; ls a/b
ln -s b/copy a/link; cat a/link; readlink a/link
test -d a && test ! -e nope && echo ok
echo one two three | { read -r first rest; echo "$rest|$first"; }
exec 3>out; echo to three >&3; exec 3>&-; cat out
{ echo out; echo err >&2; } 2>&1 | sort
yes | head -n 3 | tr y z
seq 1 20 | tail -n 2
kill -9 $(sh -c 'sleep 100 >/dev/null & echo $!'); echo killed $?
for signal in 11 15; do sh -c "kill -$signal \$\$"; echo "ended with $?"; done 2>/dev/null
set -- a 'b c' d; echo $# "$2"; shift; echo "$*"
value=path/to/file.c; echo ${value##*/} ${value%.c} ${#value} ${none:-default}
getopts xy: option -y value; echo "$option $OPTARG"
ls /missing; echo $?; cd /missing; echo $?; nothing-like-that; echo $?
umask 027; : >private; stat -c %a private
cd /; rm -r /tmp/dash; test -e /tmp/dash || echo gone
exit 7
