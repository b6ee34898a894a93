"""Prints those of the given XML files whose root element has the given local name: root_element.py NAME FILE..."""

import sys
import xml.etree.ElementTree as ElementTree


def root_of(path: str) -> str:
    for _, element in ElementTree.iterparse(path, events=("start",)):
        return element.tag.rpartition("}")[2]
    return ""


if __name__ == "__main__":
    wanted, paths = sys.argv[1], sys.argv[2:]
    for path in sorted(paths):
        try:
            if root_of(path) == wanted:
                print(path)
        except ElementTree.ParseError as error:
            print(f"{path}: {error}", file=sys.stderr)
