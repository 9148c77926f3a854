#pragma once

// The commands of si-eval: each reads its own command line and returns the exit status.

int kernel_command(int argc, char** argv);
int kl_command(int argc, char** argv);
int fields_command(int argc, char** argv);
int restored_command(int argc, char** argv);
int frechet_command(int argc, char** argv);
int accuracy_command(int argc, char** argv);
