# TERM, INT, HUP, USR1, USR2 in training with checkpoints, then resume: 75, the same bytes
# counts: 10 250
. "$faults/stopped_training.sh"
stopped_training TERM INT HUP USR1 USR2
