# Read by cmake at the end of llama.cpp's own project() line (see CMAKE_PROJECT_<NAME>_INCLUDE): tasks.py hands it over.
# llama-cpp-python forces llama.cpp's "common" library on (argument parsing, chat formats, an HTTP client), which its
# Python binding never loads. Leaving it out takes 57 of 141 compile steps away; what is left is built as by default.
set(LLAMA_BUILD_COMMON OFF)
