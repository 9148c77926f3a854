#pragma once

// The commands of si-bridge: each reads its own command line and returns the exit status.

constexpr const char* kStart = "samples at t = 0: HDF5, CSV, TSV or NPY; - reads standard input";
constexpr const char* kEnd = "samples at t = 1";

int couple_command(int argc, char** argv);
int draw_command(int argc, char** argv);
int bench_command(int argc, char** argv);
