# Read by cmake at the end of each project() line: llama.cpp's binding comes out the same wherever it is compiled.
# Without it libraries name the folder in which they were compiled, in assertions and in the path to each other.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
