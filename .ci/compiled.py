"""
What the assemblies of the program were compiled for, by their headers.
  python3 .ci/compiled.py FOLDER
Fails where the tool that was installed in FOLDER, which has the name of its platform, is not compiled for it.
"""
import glob
import os
import platform
import struct
import sys

# Machines and systems as the header of a compiled assembly has them: one number, the other mixed in.
MACHINES = {"x64": 0x8664, "arm64": 0xAA64}
SYSTEMS = {"win": 0, "linux": 0x7B79, "linux-musl": 0x7B79, "osx": 0x4644}


def target(assembly):
    """The machine and system of an assembly with compiled code (ReadyToRun); None for one without."""
    pe = struct.unpack_from("<I", assembly, 0x3C)[0]
    machine, sections = struct.unpack_from("<HH", assembly, pe + 4)
    optional = pe + 24
    directories = optional + (112 if struct.unpack_from("<H", assembly, optional)[0] == 0x20B else 96)
    table = optional + struct.unpack_from("<H", assembly, pe + 20)[0]

    def at(address):
        for section in range(sections):
            size, start, _, raw = struct.unpack_from("<IIII", assembly, table + 40 * section + 8)
            if start <= address < start + size:
                return address - start + raw
        return None

    # The header of managed code is the directory 14; 64 bytes on it says where the native header is.
    managed = at(struct.unpack_from("<I", assembly, directories + 14 * 8)[0])
    native = at(struct.unpack_from("<I", assembly, managed + 64)[0])
    return machine if native is not None and assembly[native : native + 4] == b"RTR\0" else None


def otherwise(rid, assemblies):
    """Those of the pairs of name and content that are not as the platform wants them: compiled for it, or not at all ("any")."""
    system, _, machine = rid.rpartition("-")
    wanted = None if rid == "any" else MACHINES[machine] ^ SYSTEMS[system]
    return [name for name, content in assemblies if target(content) != wanted]


def main(folder):
    rid = os.path.basename(folder)
    if rid != "linux-x64" and (sys.platform, platform.machine(), platform.libc_ver()[0]) == ("linux", "x86_64", "glibc"):
        print(f"The package for {rid} was installed on Linux x64.", file=sys.stderr)
        return 1
    wrong = otherwise(rid, [(path, open(path, "rb").read()) for path in glob.glob(f"{folder}/AgentFunctions*.dll")])
    if wrong:
        print(f"Not as {rid} wants it: {', '.join(wrong)}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
