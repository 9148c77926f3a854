# mutated checkpoints: no crash, 5 s, 1 GiB
# counts: 1000 100000
mutated checkpoint
