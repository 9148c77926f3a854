# cmake -D program=FILE -D prose=FILE -D page=FILE -P page.cmake
# The manual page of a program: the prose, with @OPTIONS@ replaced by what the program prints.
execute_process(COMMAND ${program} --help-mdoc
  OUTPUT_VARIABLE options COMMAND_ERROR_IS_FATAL ANY)
file(READ ${prose} text)
string(REPLACE "@OPTIONS@\n" "${options}" text "${text}")
file(WRITE ${page} "${text}")
