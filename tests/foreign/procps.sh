# What Debian's procps makes of /proc. Figures differ from machine to machine, so the script says
# only whether they look as they should: every line fits its pattern, and nothing is complained of.

# look NAME HEADER PATTERN COMMAND…: HEADER and PATTERN are extended regular expressions; each line of
# the output matches one of them, and there is at least one of each.
look() {
    local name=$1 header=$2 pattern=$3 line headers=0 rows=0 bad=0
    shift 3
    "$@" >/tmp/out 2>/tmp/err
    local status=$?
    while IFS= read -r line; do
        if [[ $line =~ $header ]]; then headers=$((headers + 1))
        elif [[ $line =~ $pattern ]]; then rows=$((rows + 1))
        else
            bad=$((bad + 1))
            echo "$name: unexpected: $line"
        fi
    done </tmp/out
    while IFS= read -r line; do echo "$name: complains: $line"; done </tmp/err
    [ $headers -gt 0 ] && [ $rows -gt 0 ] && shape=right || shape="$headers headers, $rows rows"
    echo "$name: status $status, $shape, $bad wrong"
}

number='[0-9]+(\.[0-9]+)?'
export COLUMNS=200 TERM=dumb

look "ps aux" '^USER +PID +%CPU +%MEM +VSZ +RSS +TTY +STAT +START +TIME +COMMAND$' \
    "^[^ ]+ +[0-9]+ +$number +$number +[0-9]+ +[0-9]+ +[^ ]+ +[RSDTZI][^ ]* +[^ ]+ +[0-9]+:[0-9]+ " ps aux
look "ps -ef" '^UID +PID +PPID +C +STIME +TTY +TIME +CMD$' \
    '^[^ ]+ +[0-9]+ +[0-9]+ +[0-9]+ +[^ ]+ +[^ ]+ +[0-9:]+ ' ps -ef
look "free" '^ +total +used +free +shared +buff/cache +available$' \
    '^(Mem|Swap): +[0-9]+ +[0-9]+ +[0-9]+( +[0-9]+ +[0-9]+ +[0-9]+)?$' free
look "pmap" '^[0-9]+: +.*bash' \
    '^[0-9a-f]{8} +[0-9]+K [r-][w-][x-][s-][R-] |^ total +[0-9]+K$' pmap $$
look "pmap -x" '^([0-9]+: +.*bash.*|Address +Kbytes +RSS +Dirty +Mode +Mapping)$' \
    '^[0-9a-f]{8} +[0-9]+ +[0-9]+ +[0-9]+ [r-][w-][x-][s-][R-] |^-+ -+|^total kB +[0-9]+' pmap -x $$
look "vmstat" '^(procs -+memory-+ -+swap-- -+io-+ -system-- -+cpu-+| r +b +swpd +free .*)$' \
    '^( *[0-9]+){17}$' vmstat 1 2
[[ $(uptime 2>&1) =~ up\ .*load\ average:\ [0-9.]+,\ [0-9.]+,\ [0-9.]+$ ]] && echo "uptime: right"
look "top" '^(top - |Tasks: |%Cpu|MiB (Mem|Swap) *:|$| +PID +USER )' \
    '^ *[0-9]+ [^ ]+ +[^ ]+ +-?[0-9]+ +[0-9.]+[mgt]? +[0-9.]+[mgt]? +[0-9.]+[mgt]? [RSDTZI] ' top -b -n1
[ "$(pgrep -x bash | while read -r pid; do [ "$pid" = $$ ] && echo found; done)" = found ] &&
    echo "pgrep finds this shell"
