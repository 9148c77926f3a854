#!/bin/bash
#SBATCH --job-name=si-train
#SBATCH --time=04:00:00
#SBATCH --cpus-per-task=8
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=USR2@120
# A training run that may be longer than a job: it stops with a checkpoint two minutes before the end
# of the job, or when the job is preempted, and queues itself again until the model is complete.
#     sbatch slurm.sh data.h5 model.json [options of si-train]
set -u
data=$1 model=$2
shift 2
srun si-train "$data" -o "$model" --threads "${SLURM_CPUS_PER_TASK:-0}" --log "$model.jsonl" \
    --checkpoint "$model.ckpt" --resume auto --max-time auto "$@"
status=$?
if [ $status -eq 75 ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit $status
