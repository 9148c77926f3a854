# mutated HDF5 files: no crash, 5 s, 1 GiB
# counts: 300 100000
mutated hdf5
