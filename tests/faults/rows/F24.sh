# work on files over and over in one process, half of it refused: memory within 1 MiB, no file left open
# counts: 300 10000
note=$(loop "$count" 2>"$work/err") || wrong "$note"
tried=$count
