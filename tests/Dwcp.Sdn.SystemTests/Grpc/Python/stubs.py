"""Makes the stubs that protoc generated into a folder importable; google.* and grpc.* are shared with the installed packages."""
import sys

import google
import grpc

folder = sys.argv[1]
sys.path.insert(0, folder)
google.__path__.append(folder + "/google")
grpc.__path__.append(folder + "/grpc")
