#!/bin/sh
# Runs of the contest's story on the board, in the form of run.c's log. BusyBox's sh is enough.
#
#     sh run30.sh [RUNS]
#
# MODEL names the packed model (/mnt/data/duotui/story.duo). The log is outputs.txt, in this folder.
set -u
cd "$$(dirname "$$0")" || exit 1
RUNS=$${1:-$runs}
MODEL=$${MODEL:-/mnt/data/duotui/story.duo}
MODEL_SHA256=$model_hash
ENGINE=./duollama

stop() {
    printf 'run30.sh: %s\n' "$$1" >&2
    exit 1
}

[ -f "$$MODEL" ] || stop "$$MODEL is not there; README.md says how to make it, MODEL=FILE names it"
[ -x "$$ENGINE" ] || chmod +x "$$ENGINE" || stop "$$ENGINE cannot be made executable"
"$$ENGINE" inspect "$$MODEL" | grep -q "^model sha256: $$MODEL_SHA256" ||
    stop "$$MODEL was not packed from the model with SHA-256 $$MODEL_SHA256"
swaps=$$(awk 'NR > 1 { print $$1 }' /proc/swaps)
[ -z "$$swaps" ] || stop "swap is on ($$swaps); swapoff -a turns it off"

tell() {
    "$$ENGINE" "$$MODEL" --mode $mode -t $temperature -p $top_p --seed $seed -n $steps \
        -i $prompt --compat-print 2>&1
}

warm=0
while [ "$$warm" -lt $warm ]; do
    tell >/dev/null || stop "the engine failed"
    warm=$$((warm + 1))
done
: >outputs.txt
run=0
while [ "$$run" -lt "$$RUNS" ]; do
    run=$$((run + 1))
    tell >>outputs.txt || stop "the engine failed in run $$run"
    printf 'run %s of %s: %s\n' "$$run" "$$RUNS" "$$(tail -n 2 outputs.txt | grep achieved)"
done
awk '/^achieved tok\/s:/ { sum += $$3; count++ }
     END { if (count) printf "mean of %d runs: %f tok/s\n", count, sum / count }' outputs.txt
