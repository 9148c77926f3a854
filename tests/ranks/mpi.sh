# Sourced by tests of several processes.

# More ranks than processors, as any user, without a network.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl=self,vader
export OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_orte_base_help_aggregate=0
ranks() {
    count_of_ranks=$1
    shift
    "$MPIEXEC" -n "$count_of_ranks" "$@"
}
