#pragma once

// The commands of si-data: each reads its own command line and returns the exit status.

constexpr const char* kData = "data set: HDF5, CSV, TSV or NPY; - reads standard input";

int import_command(int argc, char** argv);
int export_command(int argc, char** argv);
int classes_command(int argc, char** argv);
int split_command(int argc, char** argv);
int head_command(int argc, char** argv);
int resample_command(int argc, char** argv);
int merge_command(int argc, char** argv);
int exact_command(int argc, char** argv);
int sample_command(int argc, char** argv);
int info_command(int argc, char** argv);
