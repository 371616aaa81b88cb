"""Looks into the packages of the extension: all that must be there is, nothing else, and the program can be run."""

import json
import re
import sys
import zipfile
from pathlib import Path

ALWAYS = {
    "[Content_Types].xml",
    "extension.vsixmanifest",
    "extension/LICENSE.txt",
    "extension/changelog.md",
    "extension/dist/THIRD-PARTY-LICENSES.txt",
    "extension/dist/extension.js",
    "extension/icon.png",
    "extension/package.json",
    "extension/readme.md",
    "extension/schemas/prefixlint-baseline.schema.json",
    "extension/schemas/prefixlint-config.schema.json",
}
VERSION = re.search(r'^version = "(.*)"$', Path("Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)[1]


def look(path: Path) -> None:
    with zipfile.ZipFile(path) as package:
        assert package.testzip() is None, f"{path} is damaged"
        names = set(package.namelist())
        target = re.search(r'TargetPlatform="(.*?)"', package.read("extension.vsixmanifest").decode())
        manifest = json.loads(package.read("extension/package.json"))
        assert manifest["version"] == VERSION, manifest["version"]
        assert f"-{VERSION}.vsix" in path.name, path.name
        if target is None:
            assert names == ALWAYS, names ^ ALWAYS
            return
        assert f"-{target[1]}-" in path.name, (path.name, target[1])
        program = f"extension/bin/prefixlint{'.exe' if target[1].startswith('win32') else ''}"
        assert names == ALWAYS | {program}, names ^ (ALWAYS | {program})
        assert package.getinfo(program).external_attr >> 16 & 0o111, "the program is not executable"


packages = sorted(Path(sys.argv[1]).glob("*.vsix"))
platforms = json.loads(Path("npm/platforms.json").read_text(encoding="utf-8"))
assert len(packages) == 1 + len(platforms), packages
for one in packages:
    look(one)
    print(one)
