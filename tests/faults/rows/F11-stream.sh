# mutated HDF5 in a pipe: no crash, 5 s, 1 GiB
# counts: 300 100000
mutated stream
