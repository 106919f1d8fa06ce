# jobs/run.sbatch with stand-ins for Slurm's commands: a first start, a resume, a requeue after exit code 75, other codes kept.
set -eu
. "$CM_TEST_DIR/support/launch.sh"
mkdir bin
printf '%s\n' '#!/bin/sh' 'echo "srun $*" >>calls' 'exit "${SRUN_EXIT:-0}"' >bin/srun
printf '%s\n' '#!/bin/sh' 'echo "scontrol $*" >>calls' >bin/scontrol
chmod +x bin/*
export PATH="$PWD/bin:$PATH" SLURM_JOB_ID=42 SLURM_CPUS_PER_TASK=3 COHMARK=cohmark BENCH=b.xml RUN=out
# try EXPECTED_CODE EXPECTED_CALLS
try() {
    local code=0
    rm -f calls
    bash "$CM_SOURCE_DIR/jobs/run.sbatch" || code=$?
    [ "$code" = "$1" ] || fail "exit code $code, not $1"
    [ "$(cat calls)" = "$2" ] || fail "called: $(cat calls)"
}
try 0 'srun --kill-on-bad-exit=1 cohmark run b.xml -o out --threads 3'
mkdir out
try 0 'srun --kill-on-bad-exit=1 cohmark run --resume -o out --threads 3'
SRUN_EXIT=4 try 4 'srun --kill-on-bad-exit=1 cohmark run --resume -o out --threads 3'
SRUN_EXIT=75 try 75 'srun --kill-on-bad-exit=1 cohmark run --resume -o out --threads 3
scontrol requeue 42'
unset RUN
bash "$CM_SOURCE_DIR/jobs/run.sbatch" 2>/dev/null && fail "a job without RUN was started"
echo "the job starts, resumes, requeues and keeps exit codes"
