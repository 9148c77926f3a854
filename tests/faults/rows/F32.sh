# no /proc, and a launcher's variable: the module for MPI is that beside the program, never one of the working folder
# counts: 2 2
unshare -rm true 2>/dev/null || exit 77
mkdir -p lib/si-tools empty
# A module that would leave its mark.
cat >bad.c <<'EOF'
#include <fcntl.h>
__attribute__((constructor)) static void mark(void) { open("loaded", O_CREAT | O_WRONLY, 0666); }
EOF
cc -shared -fPIC -o lib/si-tools/si-mpi.so bad.c 2>/dev/null || exit 77
for program in si-sample "$(command -v si-sample)"; do
    rm -f loaded
    OMPI_COMM_WORLD_SIZE=2 timeout 60 unshare -rm sh -c 'mount --bind empty /proc && exec "$@"' - \
        "$program" ../m.json -n 10 --ode euler,steps=1 -q -o o >../stdout 2>../err </dev/null
    [ ! -e loaded ] || wrong "$program loaded the module of the working folder"
    tried=$((tried + 1))
done
