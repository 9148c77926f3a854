#pragma once

// The commands of si-info: each reads its own command line and returns the exit status.

int interpolant_command(int argc, char** argv);
int straightness_command(int argc, char** argv);
int field_command(int argc, char** argv);
int export_command(int argc, char** argv);
