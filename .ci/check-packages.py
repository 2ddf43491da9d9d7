"""Checks the packages of a folder feed: each project of src/ has one, with what a user needs and nothing else in it."""
import glob
import os
import re
import sys
import zipfile
import xml.etree.ElementTree as xml

import compiled

TOOL = "AgentFunctions.Cli"
# What is in its package, besides the readme: which packages there are for the platforms.
POINTER = "tools/any/any/DotnetToolSettings.xml"
TEMPLATES = "AgentFunctions.Templates"
PORTABLE_LIMIT = 20_000_000
COMPILED_LIMIT = 40_000_000
LIBRARY_LIMIT = 3_000_000

# What was exported without its history cannot name its commit.
HAS_HISTORY = os.path.exists(".git")

# The package families that a package may bring along, apart from those of the packages of this repository that it names.
COMMON = ["Microsoft.Extensions.", "OpenTelemetry.Api", "Polly.Core", "YamlDotNet"]
AZURE_IDENTITY = ["Azure.Core", "Azure.Identity"]
ALLOWED = {
    "AgentFunctions": [],
    "AgentFunctions.OpenAI": ["OpenAI", *AZURE_IDENTITY],
    "AgentFunctions.Mcp": ["ModelContextProtocol.Core"],
    "AgentFunctions.OpenTelemetry": ["OpenTelemetry.Api"],
    "AgentFunctions.Monitors": ["NCrontab.Signed"],
    "AgentFunctions.Sqlite": ["Microsoft.Data.Sqlite", "SQLitePCLRaw."],
    "AgentFunctions.AspNetCore": ["Microsoft.AspNetCore.OpenApi", "Microsoft.OpenApi", "Microsoft.IdentityModel.", "ModelContextProtocol", "NCrontab.Signed"],
    "AgentFunctions.AgentFramework": ["Microsoft.Agents.AI", "Google.Protobuf"],
    "AgentFunctions.AzureStorage": ["Azure.Storage.", *AZURE_IDENTITY],
    "AgentFunctions.DurableTask": ["Microsoft.DurableTask.", "Google.Protobuf", "Grpc.", "System.Reactive."],
    "AgentFunctions.AzureFunctions": None,
    "AgentFunctions.OpenTelemetry": ["OpenTelemetry"],
    "AgentFunctions.Testing": ["Microsoft.Data.Sqlite", "SQLitePCLRaw."],
}

# SQLite in the packages of the tool: its own alone for a platform, those of ten in the portable one.
SQLITE = {"win": "e_sqlite3.dll", "linux": "libe_sqlite3.so", "linux-musl": "libe_sqlite3.so", "osx": "libe_sqlite3.dylib"}
PORTABLE_SQLITE = 10


def check_platform(rid, package, names, metadata):
    """A package of the tool for one platform, or the portable one."""
    folder = f"tools/net10.0/{rid}/"
    if [kind.get("name") for kind in metadata.iter("packageType")] != ["DotnetToolRidPackage"]:
        yield "would be found as a tool of its own"
    own = [file for file in names if re.fullmatch(rf"{folder}AgentFunctions(\.\w+)*\.dll", file)]
    if f"{folder}AgentFunctions.Cli.dll" not in own:
        yield "has no program"
    for file in compiled.otherwise(rid, [(file, package.read(file)) for file in own]):
        yield f"has {file}, which is {'compiled' if rid == 'any' else 'not compiled for it'}"
    sqlite = [file for file in names if re.search(r"/(lib)?e_sqlite3\.\w+$", file)]
    if rid == "any":
        if len(sqlite) != PORTABLE_SQLITE:
            yield f"has SQLite for {len(sqlite)} platforms, not for {PORTABLE_SQLITE}"
    elif sqlite != [folder + SQLITE[rid.rpartition("-")[0]]]:
        yield f"has not its own SQLite alone: {', '.join(sqlite)}"


def check_pointer(version, package, path):
    """The package of the tool that people install: it names those for the platforms, which are all there."""
    settings = xml.fromstring(package.read(POINTER).decode("utf-8-sig"))
    named = {element.get("Id"): element.get("RuntimeIdentifier") for element in settings.iter("RuntimeIdentifierPackage")}
    files = glob.glob(os.path.join(os.path.dirname(path), f"{TOOL}.*.{version}.nupkg"))
    there = {os.path.basename(file)[: -len(f".{version}.nupkg")] for file in files}
    if set(named) != there or any(id != f"{TOOL}.{rid}" for id, rid in named.items()):
        yield f"names {', '.join(sorted(named)) or 'none'}; there are {', '.join(sorted(there)) or 'none'}"
    if "any" not in named.values():
        yield "names no portable package"


def check(path):
    package = zipfile.ZipFile(path)
    names = [name for name in package.namelist() if not re.match(r"_rels/|package/services/|\[Content_Types\]", name)]
    nuspec = xml.fromstring(package.read(next(name for name in names if name.endswith(".nuspec"))))
    for element in nuspec.iter():
        element.tag = element.tag.split("}")[-1]
    metadata = nuspec.find("metadata")
    text = lambda field: (metadata.findtext(field) or "").strip()
    name, version = text("id"), text("version")
    rid = name[len(TOOL) + 1 :] if name.startswith(f"{TOOL}.") else None
    is_tool = name == TOOL or rid is not None

    for field in ["description", "tags", "projectUrl", "readme", "icon", "license", "releaseNotes", "authors"]:
        if not text(field):
            yield f"{name} has no {field}"
    repository = metadata.find("repository")
    if HAS_HISTORY and (repository is None or not repository.get("url") or not repository.get("commit")):
        yield f"{name} does not say which commit of which repository it was built from"
    if "README.md" in names and f"# {'agentfunctions' if is_tool else name}\n" not in package.read("README.md").decode():
        yield f"{name} has the readme of another package"

    if "README.md" in names and "](../" in package.read("README.md").decode():
        yield f"{name} has a readme with links that lead nowhere outside of the repository"

    size = os.path.getsize(path)
    limit = LIBRARY_LIMIT if rid is None else PORTABLE_LIMIT if rid == "any" else COMPILED_LIMIT
    if size > limit:
        yield f"{name} has {size:,} bytes, more than {limit:,}"

    common = ["README.md", "icon.png", f"{name}.nuspec"]
    missing = [file for file in common if file not in names]
    if name == TOOL:
        missing += [POINTER] if POINTER not in names else []
        stray = [file for file in names if file not in [*common, POINTER]]
        yield from (f"{name} {fault}" for fault in ([] if missing else check_pointer(version, package, path)))
    elif rid is not None:
        stray = [file for file in names if file not in common and not file.startswith(f"tools/net10.0/{rid}/")]
        stray += [file for file in names if re.search(r"\.(pdb|xml)$", file) and not file.endswith("DotnetToolSettings.xml")]
        yield from (f"{name} {fault}" for fault in check_platform(rid, package, names, metadata))
    elif name == TEMPLATES:
        stray = [file for file in names if file not in common and not file.startswith("content/") or re.search(r"/(bin|obj)/", file)]
        used = [
            (id, asked) for file in names if file.endswith(".csproj")
            for id, asked in re.findall(r'"(AgentFunctions[.\w]*)" Version="([^"]+)"', package.read(file).decode())]
        for id, asked in used:
            if not os.path.exists(os.path.join(os.path.dirname(path), f"{id}.{asked}.nupkg")):
                yield f"{name} asks for {id} {asked}, which is not packed: set the versions in templates/ to that of this release"
        if not used:
            yield f"{name} uses no package of this repository"
    else:
        files = [f"lib/net10.0/{name}.dll", f"lib/net10.0/{name}.xml"]
        missing += [file for file in files if file not in names]
        stray = [file for file in names if file not in common + files]
    if missing:
        yield f"{name} lacks {', '.join(missing)}"
    if stray:
        yield f"{name} has stray files: {', '.join(stray[:10])}"

    if name != TEMPLATES and not is_tool:
        allowed = ALLOWED.get(name, [])
        ids = [dependency.get("id") for dependency in metadata.iter("dependency")]
        foreign = [id for id in ids if allowed is not None and not id.startswith("AgentFunctions") and not id.startswith(tuple(COMMON + allowed))]
        if name not in ALLOWED:
            yield f"{name} has no row in the table of .ci/check-packages.py that says what it may bring along"
        if foreign:
            yield f"{name} brings along {', '.join(foreign)}, which is not intended"
        pins = [d.get("id") for d in metadata.iter("dependency") if d.get("id").startswith("AgentFunctions") and not d.get("version").startswith(version.split("-")[0])]
        if pins:
            yield f"{name} depends on another version of {', '.join(pins)}"

    symbols = path[: -len(".nupkg")] + ".snupkg"
    if name == TEMPLATES or is_tool:
        return
    if not os.path.exists(symbols):
        yield f"{name} has no symbols"
    else:
        archive = zipfile.ZipFile(symbols)
        pdb = next((file for file in archive.namelist() if file.endswith(f"/{name}.pdb")), None)
        if pdb is None:
            yield f"{name} has no symbols of itself"
        elif HAS_HISTORY and b"https://raw.githubusercontent.com/" not in archive.read(pdb):
            yield f"the symbols of {name} do not lead to its sources"


def main(feed):
    packages = sorted(glob.glob(os.path.join(feed, "*.nupkg")))
    faults = [fault for path in packages for fault in check(path)]
    packed = {re.sub(r"\.\d+\.\d+\.\d+.*", "", os.path.basename(path)) for path in packages}
    projects = {os.path.basename(path)[: -len(".csproj")] for path in glob.glob("src/*/*.csproj") + glob.glob("templates/*.csproj")}
    faults += [f"{project} is not packed: is it in AgentFunctions.sln?" for project in sorted(projects - packed)]
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(packages)} packages, {sum(map(os.path.getsize, packages)):,} bytes, {len(faults)} faults")
    return 1 if faults else 0


sys.exit(main(sys.argv[1]))
