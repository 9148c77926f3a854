# mutated settings of the command line: no crash, 5 s, 1 GiB
# counts: 5000 1000000
mutated spec
