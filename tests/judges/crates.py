"""Holds the crates of the binary against deny.toml: crates.py DENY.TOML

Covers licences, sources, refused versions and doubled crates, for machines without cargo-deny. Only what cargo builds
into the binary counts (normal and build edges, every target). Prints one line 'ok …' or 'not ok …' per check.
"""

import collections
import json
import re
import subprocess
import sys

try:
    import tomllib
except ModuleNotFoundError:  # Python before 3.11
    from pip._vendor import tomli as tomllib


def cargo(*arguments: str) -> str:
    return subprocess.run(["cargo", *arguments], check=True, capture_output=True, text=True).stdout


def built_packages() -> list[dict]:
    metadata = json.loads(cargo("metadata", "--format-version", "1", "--locked"))
    lines = cargo("tree", "--locked", "--target", "all", "-e", "normal,build", "--prefix", "none", "-f", "{p}").splitlines()
    built = {tuple(line.split()[:2]) for line in lines if line.strip()}
    own = set(metadata["workspace_members"])
    return [
        package
        for package in metadata["packages"]
        if (package["name"], "v" + package["version"]) in built and package["id"] not in own
    ]


def licence_fits(expression: str, allowed: set[str]) -> bool:
    """Evaluates an SPDX expression; '/' is the old way to write OR."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def alternatives() -> bool:
        fits = conjunction()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            fits = conjunction() or fits
        return fits

    def conjunction() -> bool:
        fits = single()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            fits = single() and fits
        return fits

    def single() -> bool:
        token = tokens.pop(0)
        if token == "(":
            fits = alternatives()
            tokens.pop(0)
            return fits
        if tokens and tokens[0] == "WITH":
            token = f"{token} WITH {tokens.pop(1)}"
            tokens.pop(0)
        return token in allowed

    return alternatives()


def numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version.split("+")[0].split("-")[0])]


def refused(package: dict, bans: list[dict]) -> bool:
    """A ban names a crate, or a crate and '@<VERSION'."""
    for ban in bans:
        name, _, limit = ban["crate"].partition("@<")
        if name == package["name"] and (not limit or numbers(package["version"]) < numbers(limit)):
            return True
    return False


def report(name: str, faults: list[str]) -> bool:
    for fault in faults:
        print(f"not ok {name}: {fault}")
    if not faults:
        print(f"ok {name}")
    return not faults


def main(path: str) -> int:
    with open(path, "rb") as file:
        rules = tomllib.load(file)
    packages = built_packages()
    shown = lambda package: f"{package['name']}@{package['version']}"
    allowed = set(rules["licenses"]["allow"])
    extra = {entry["crate"]: set(entry["allow"]) for entry in rules["licenses"].get("exceptions", [])}
    skipped = {entry["crate"] for entry in rules["bans"]["skip"]}
    versions = collections.defaultdict(set)
    for package in packages:
        versions[package["name"]].add(shown(package))
    results = [
        report("licences", [
            f"{shown(package)}: {package['license']}"
            for package in packages
            if not licence_fits(package["license"] or "none", allowed | extra.get(package["name"], set()))
        ]),
        report("sources", [
            f"{shown(package)}: {package['source']}"
            for package in packages
            if not (package["source"] or "").startswith("registry+")
        ]),
        report("refused crates", [shown(package) for package in packages if refused(package, rules["bans"]["deny"])]),
        report("doubles", [
            f"{', '.join(sorted(several))}: decide, then skip all but one in deny.toml"
            for several in versions.values()
            if len(several - skipped) > 1
        ]),
        report("skipped doubles still exist", [
            name for name in sorted(skipped) if len(versions[name.partition("@")[0]]) < 2
        ]),
    ]
    print(f"# {len(packages)} crates")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
