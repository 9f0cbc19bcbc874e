# What bash has beyond a POSIX shell.
PATH=/bin:/usr/bin
set -o pipefail
declare -A map; map[a]=1; map[b]=22; for key in a b; do echo "$key=${map[$key]}"; done
list=(z y x); echo "${list[@]:1}" "${#list[@]}" "${list[-1]}"
echo $((2 ** 40 % 1000007)) ${BASH_VERSINFO[0]}
fibonacci() {
    local n=$1
    ((n < 2)) && { echo $n; return; }
    echo $(($(fibonacci $((n - 1))) + $(fibonacci $((n - 2)))))
}
fibonacci 8
coproc cat; echo through >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; echo "$line"
eval "exec ${COPROC[1]}>&-"; wait
[[ hello =~ ^h(.*)o$ ]] && echo "${BASH_REMATCH[1]}"
printf '%q\n' "a b'c"
cat <<<"here string" | tee /tmp/bash-tee | wc -c
false | true; echo "pipefail $?"
(trap '' TERM; kill -TERM $BASHPID; echo survived)
sleep 5 & kill $!; wait $! 2>/dev/null; echo "killed $?"
echo {1..5}{a,b}
s=abcdef; echo ${s:1:3} ${s^^} ${s/cd/XX} ${#s} ${s@Q}
for signal in INT HUP; do trap "echo $signal" $signal; kill -$signal $$; done
timeout 0.2 sleep 5; echo "timeout $?"
printf '%(%Y)T\n' 0
shopt -s nullglob extglob
echo /none* end; echo /usr/bin/@(sort|tac)
select choice in first; do echo "selected $choice"; break; done <<<1 2>/dev/null
mapfile -t lines <<<"$(seq 1 100)"; echo ${#lines[@]} ${lines[41]}
while read -r -n 2 part; do echo "<$part>"; done <<<abcde
echo one >/tmp/bash-file; exec {fd}<>/tmp/bash-file; read -r -u $fd back; echo "$back"; exec {fd}>&-
sleep 0.05 & sleep 0.1 & jobs -r | wc -l; wait -n; echo "first $?"; wait; jobs | wc -l
(ulimit -n 40; ulimit -n); ulimit -v 300000 && echo limited
exec -a renamed bash -c 'echo $0; exit 5' & wait $!; echo "exec $?"
paste <(seq 3) <(echo a; echo b; echo c) | cat /dev/fd/0
cat /dev/fd/3 3<<<"descriptor 3"; echo written > >(cat); wait $!
rm /tmp/bash-tee /tmp/bash-file
trap 'echo bye' EXIT
