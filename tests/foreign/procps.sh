# Debian's procps on /proc: prints only what no two machines may differ in.
PATH=/usr/bin:/bin; export LC_ALL=C TERM=dumb TZ=UTC
mkdir /tmp/procps; cd /tmp/procps || exit 1
# Runs a tool, with its output in `out`; prints its status and what it complains about.
run() { "$@" >out 2>err; echo "$1 ${2##[0-9]*}: $? $(<err)"; }
# Whether arithmetic holds; what follows it is shown if not.
holds() { if (($1)); then echo "holds: $1"; else echo "does not hold: $*"; fi; }
# A line of `out`, with one space between words.
words() { local line; mapfile -s $(($1 - 1)) -n 1 line <out; set -f; echo ${line[0]}; set +f; }
# Whether a line of `out` has that form.
looks() { if [[ $(words $1) =~ ^$2$ ]]; then echo "as it should"; else echo "$(words $1): not $2"; fi; }
count() { local line n=0; while read -r line; do [[ $line == *"$1"* ]] && n=$((n + 1)); done <out; echo "$1: $n"; }
self=$$; sleep 1000 & pid=$!; sleep 0.3

run ps aux; head -1 out; tail -n +2 out >rest
bad=0; while read -r user id cpu mem vsz rss tty stat start time command; do
    [[ $user == root && $id -gt 0 && $vsz -ge $rss && $cpu$mem =~ ^[0-9.]+$ && $time =~ ^[0-9]+:[0-9]+$ && $command ]] ||
        { bad=1; echo "$user $id $cpu $mem $vsz $rss $tty $stat $start $time $command"; }
    [[ $id == $pid ]] && echo "$stat $time $command"; [[ $id == 1 ]] && echo 'process 1 is there'
done <rest; echo "bad: $bad"
run ps -ef; head -1 out; count 'sleep 1000'; count procps.sh
run ps -o ppid= -p $pid; parent=$(words 1); holds 'parent == self' $parent
run ps -o stat=,comm=,args=,ni=,nlwp=,user=,group=,cls=,pri= -p $pid; words 1
run ps -o vsz=,rss=,sz= -p $pid; read -r vsz rss sz <out; holds 'vsz > rss && rss > 0 && sz * 4 == vsz' $vsz $rss $sz
run ps -o blocked=,caught=,ignored=,pending=,tname=,tpgid= -p $pid; words 1
run ps -o etimes=,times= -p $pid; read -r elapsed used <out; holds 'elapsed < 100 && used < 5' $elapsed $used
run ps -L -o lwp= -p $pid; thread=$(words 1); holds 'thread == pid' $thread $pid
kill -STOP $pid; sleep 0.1; run ps -o stat= -p $pid; words 1; kill -CONT $pid
nice -n 7 sleep 1000 & sleep 0.5; run ps -o ni=,stat= -p $!; words 1; kill $!; wait $! 2>/dev/null
(exec -a 'another name' sleep 1000) & sleep 0.5; run ps -o args=,comm= -p $!; words 1; kill $!; wait $! 2>/dev/null
bash -c 'sleep 0.1 & exec sleep 1000' & sleep 1; run ps --ppid $! -o stat=,args=; words 1; kill $!; wait $! 2>/dev/null
run ps -p 999999; wc -l <out
run pgrep -x sleep; found=$(words 1); holds 'found == pid' $found $pid; run pgrep -f 'sleep 10'; wc -l <out
run pgrep -P $$ -c sleep; words 1; run pwdx $pid; cut -d' ' -f2 <out

run free -l; head -1 out
while read -r name a b c d e f; do case $name in
    Mem:) total=$a; holds 'a == b + f && a > c && a > e && d <= e' "$a $b $c $d $e $f" ;;
    Low:) low=$a; holds 'a == b + c && a > 0' "$a $b $c" ;;
    High:) holds 'a == b + c && a + low == total' "$a $b $c" ;;
    Swap:) holds 'a == b + c' "$a $b $c" ;;
esac; done <out
run free -h; words 1; run free -t; words 4 | cut -d' ' -f1

# What the kernel maps for itself is its own affair.
run pmap $pid; head -1 out | tr -d 0-9; sum=0; tail -n +2 out >rest
while read -r start size mode name; do
    if [[ $start == total ]]; then all=${size%K}; else sum=$((sum + ${size%K})); fi
    [[ $start == total || $mode$name == r-*anon* ]] || echo "$mode $name" >>areas
done <rest; sort -u areas
holds 'sum == all' $sum $all
run pmap -x $pid; words 2; read -r _ _ size rss dirty <<<"$(tail -1 out)"
holds 'size == all && rss < size && dirty <= rss && dirty > 0' $size $rss $dirty
run pmap -X $pid; words 2; lines=$(wc -l <out); holds 'lines > 10' $lines
run pmap -XX $pid; words 2; run pmap -d $pid; words 2; run pmap 999999; run pmap $pid $$; count total

run vmstat; head -2 out
good() {
    read -r r b swpd free buff cache si so bi bo in cs us sy id wa st <<<"$(tail -1 out)"
    holds 'free > 0 && cache > 0 && us + sy + id + wa + st >= 98 && us + sy + id + wa + st <= 102 && st >= 0' "$(tail -1 out)"
}
good; run vmstat 1 2; wc -l <out; good; run vmstat -w; words 1; run vmstat -a; words 2
run vmstat -s; while read -r number name; do echo "$name"; [[ $number =~ ^[0-9]+$ ]] || echo "$number"; done <out
run vmstat -f; words 1 | tr -d 0-9

load='load average: [0-9.]+, [0-9.]+, [0-9.]+'; number=' ?[0-9]+\.[0-9]'
run top -b -n1; looks 1 "top - [0-9:]+ up [0-9]+ min, 0 user, $load"
looks 2 'Tasks: [0-9]+ total, [0-9]+ running, [0-9]+ sleeping, 0 stopped, [0-9]+ zombie'
looks 3 "%Cpu\(s\):$number us,$number sy,$number ni,$number id,$number wa,$number hi,$number si,$number st"
looks 4 "MiB Mem :$number total,$number free,$number used,$number buff/cache"
looks 5 "MiB Swap:$number total,$number free,$number used.$number avail Mem"; words 7
run top -b -n1 -p $pid; read -r _ user pr ni _ _ _ s _ _ time command <<<"$(tail -1 out)"; echo $user $pr $ni $s $command
run top -b -n2 -d0.2; count 'load average'
run uptime; looks 1 "[0-9:]+ up [0-9]+ min, 0 user, $load"; run uptime -s; looks 1 '[0-9-]+ [0-9:]+'

run pkill -x sleep; wait $pid 2>/dev/null; echo $?; run pgrep -r S -x sleep; cd /; rm -r /tmp/procps
