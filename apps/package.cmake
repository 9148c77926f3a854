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
include(CPack)
