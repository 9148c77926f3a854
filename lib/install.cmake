# What a stranger's project needs: find_package(si) gives si::si, pkg-config knows si.
include(CMakePackageConfigHelpers)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/si)
install(TARGETS si EXPORT si-targets FILE_SET HEADERS)
install(EXPORT si-targets NAMESPACE si:: DESTINATION ${config_dir})
configure_package_config_file(cmake/si-config.cmake.in si-config.cmake
  INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(si-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/si-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/si-config-version.cmake DESTINATION ${config_dir})

# pkg-config: a static library hands what it needs to whoever links it.
set(si_requires "Requires: eigen3 nlohmann_json")
set(si_libs "Libs: -L\${libdir} -lsi")
set(si_inner_requires "hdf5-serial libpng zlib")
set(si_inner_libs "-pthread")
get_target_property(si_type si TYPE)
if(si_type STREQUAL STATIC_LIBRARY)
  set(si_requirements "${si_requires} ${si_inner_requires}\n${si_libs} ${si_inner_libs}")
else()
  set(si_requirements "${si_requires}\nRequires.private: ${si_inner_requires}\n${si_libs}")
endif()
file(RELATIVE_PATH si_prefix /x/${CMAKE_INSTALL_LIBDIR}/pkgconfig /x)
string(REGEX REPLACE "/$" "" si_prefix "${si_prefix}")
configure_file(cmake/si.pc.in si.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/si.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
