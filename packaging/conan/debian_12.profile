# What Debian 12 brings, so that nothing is fetched: conan create ... -pr:a debian_12.profile
[settings]
os=Linux
arch=x86_64
compiler=gcc
compiler.version=12
compiler.libcxx=libstdc++11
compiler.cppstd=20
build_type=Release

[platform_requires]
openssl/3.0.19

[platform_tool_requires]
cmake/3.25.1
