# kill -9 in training with checkpoints, then resume: the same bytes
# counts: 6 200
. "$faults/stopped_training.sh"
stopped_training KILL
