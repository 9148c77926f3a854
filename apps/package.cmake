# Packages of what is installed: cpack --config BUILD/CPackConfig.cmake
# A DEB names the libraries that the programs load, as dpkg-shlibdeps finds them; a TGZ unpacks
# anywhere.
set(CPACK_GENERATOR TGZ DEB)
set(CPACK_PACKAGE_NAME si-tools)
set(CPACK_PACKAGE_VENDOR "si-tools")
set(CPACK_PACKAGE_CONTACT "The si-tools authors <si-tools@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "command-line toolkit for stochastic interpolants")
set(CPACK_PACKAGE_DESCRIPTION
  "Generative models that bridge any two probability densities in finite time:
training on samples, sampling by ODE or SDE, log-densities, Schroedinger
bridges, evaluation and pictures. Also a C++20 library, libsi.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libeigen3-dev, nlohmann-json3-dev, libhdf5-dev, libpng-dev")
# The module for mpirun is a package of its own, as nobody else needs MPI.
if(SI_HAS_MPI)
  set(CPACK_DEB_COMPONENT_INSTALL ON)
  set(CPACK_COMPONENTS_GROUPING IGNORE)
  set(CPACK_COMPONENTS_ALL Unspecified mpi)
  set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_NAME si-tools)
  set(CPACK_DEBIAN_MPI_PACKAGE_NAME si-tools-mpi)
  set(CPACK_DEBIAN_MPI_PACKAGE_DEPENDS "si-tools (= ${PROJECT_VERSION})")
  set(CPACK_COMPONENT_MPI_DESCRIPTION "Runs si-tools on several nodes under mpirun.")
endif()
include(CPack)
