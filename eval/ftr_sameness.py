#!/usr/bin/env python3
"""Whether site files of ftr-site-config do the same here as XPath does.

    ftr_sameness.py FTR [--news PATH] [--trafilatura PATH] [--wcxb PATH] [--differences FILE]

FTR is a clone of ftr-site-config, the other paths are those of eval/score.py. Every `strip:` rule that
becomes a selector is tried on every page, whosever site that is: lxml evaluates the expression, dehusk
runs with the selector. Of a pair of a rule and a page on which either finds something, the outermost
elements found must be the same.

Both look at the same tree: examples/which.rs parses the page as a browser with scripts does (what is in
`noscript` is text), writes it and gives each element a number. A page that is another each time it is
written and read is passed over; templates are emptied. Of a rule that becomes a selector only in part
(`//a/text() | //b`), the part is tried.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path

from score import SETS, decode, pages_of

# Elements that dehusk never drops, whatever a rule says.
STAY = ("html", "head", "body", "noscript")

ROOT = Path(__file__).resolve().parents[1]
WHICH = ROOT / "target" / "release" / "examples" / "which"


# ---- rules


def strips(folder):
    """The values of all `strip:` lines, how often each occurs."""
    values = Counter()
    for path in sorted(folder.iterdir()):
        if path.suffix == ".txt":
            for line in path.read_text(encoding="utf-8-sig").splitlines():
                key, colon, value = line.partition(":")
                if colon and key.strip() == "strip" and value.strip():
                    values[value.strip()] += 1
    return values


def branches(expression):
    """The expressions between `|`, but for those in brackets and quotation marks."""
    parts, depth, quote = [""], 0, None
    for char in expression:
        if quote:
            quote = None if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "[(":
            depth += 1
        elif char in "])":
            depth -= 1
        elif char == "|" and not depth:
            parts.append("")
            continue
        parts[-1] += char
    return [part.strip() for part in parts]


def anywhere(expression):
    """The expression as it is meant: one without slashes in front begins anywhere."""
    return " | ".join(b if b.startswith(("/", "(", ".")) else f"//{b}" for b in branches(expression))


def needles(expression):
    """Words without which a page has nothing that the expression finds; none if that cannot be said."""
    literals = [a or b for a, b in re.findall(r"\"([^\"]*)\"|'([^']*)'", expression)]
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", expression)
    if re.search(r"\||\bor\b|not\(|!=|translate|name\(|<|>", bare):
        return []
    return list(dict.fromkeys(re.findall(r"\w+", " ".join(literals))))


# ---- examples/which.rs


class Which:
    def __init__(self, binary):
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.process.args[0]} has ended")
        [value] = json.loads(answer).values()
        return value


def converted(values, which):
    """Expression and selector of all rules that become one, and the number of those that do not."""
    rules, lost = [], []
    for value, (selector, reasons) in zip(values, which.ask(**{"import": values})):
        if reasons and selector:
            kept = [b for b, (s, r) in zip(branches(value), which.ask(**{"import": branches(value)})) if s and not r]
            value = " | ".join(kept)
            if not value:
                lost.append(reasons)
                continue
            [(selector, _)] = which.ask(**{"import": [value]})
        if selector:
            rules.append((value, selector))
        else:
            lost.append(reasons)
    return list(dict.fromkeys(rules)), lost


# ---- pages


class Side:
    """What lxml finds."""

    def __init__(self, expressions):
        from lxml import etree

        self.etree = etree
        self.parser = etree.XMLParser(huge_tree=True)
        self.finders = [etree.XPath(anywhere(expression)) for expression in expressions]
        self.needles = [needles(expression) for expression in expressions]

    def tree(self, xml):
        return self.etree.fromstring(xml.encode(), self.parser)

    def find(self, root):
        """By place of the expression: the numbers of the outermost elements it finds."""
        values = {value for element in root.iter() for value in element.attrib.values()}
        page = "\n".join(set(re.findall(r"\w+", "\n".join(["".join(root.itertext()), *values]))))
        known, found = {}, {}
        for place, (finder, words) in enumerate(zip(self.finders, self.needles)):
            for word in words:
                if word not in known:
                    known[word] = word in page
            if all(known[word] for word in words):
                elements = {e for e in finder(root) if isinstance(getattr(e, "tag", None), str)}
                outermost = [e for e in elements if not any(a in elements for a in e.iterancestors())]
                if outermost:
                    found[place] = sorted(int(e.get("data-n")) for e in outermost)
        return found


WORKER = None


def start(binary, rules):
    global WORKER
    which = Which(binary)
    refused = which.ask(selectors=[selector for _, selector in rules])
    if refused:
        raise RuntimeError(f"these selectors cannot be used: {refused}")
    WORKER = which, Side([expression for expression, _ in rules])


def element_of(root, number):
    [element] = root.xpath("//*[@data-n=$n]", n=str(number))
    return element


def path_of(root, number):
    """How the way to an element looks, for people."""
    steps = []
    element = element_of(root, number)
    for e in chain([element], element.iterancestors()):
        name = f"{e.tag}#{e.get('id')}" if e.get("id") else e.tag
        steps.append(".".join([name, *(e.get("class") or "").split()]))
    return " > ".join(reversed(steps[:3]))


def compare(page, rules):
    """The pairs of a page that either side finds something in, and how they differ."""
    which, side = WORKER
    try:
        xml = which.ask(page=decode(page.read()))
        if not xml:
            return None, []
        root = side.tree(xml)
    except (OSError, UnicodeError, side.etree.XMLSyntaxError) as error:
        print(f"{page.id}: {error}", file=sys.stderr)
        return None, []
    expected = side.find(root)
    found = {int(place): sorted(n) for place, n in which.ask(find=list(expected)).items()}
    differences = []
    for place in sorted({*expected, *found}):
        xpath, dehusk = expected.get(place, []), found.get(place, [])
        if xpath != dehusk:
            expression, selector = rules[place]
            differences.append({
                "page": page.id,
                "strip": expression,
                "selector": selector,
                "xpath_only": [[n, path_of(root, n)] for n in xpath if n not in dehusk],
                "dehusk_only": [[n, path_of(root, n)] for n in dehusk if n not in xpath],
                "both": len({*xpath} & {*dehusk}),
                "stays": any(element_of(root, n).tag in STAY for n in xpath),
            })
    return len({*expected, *found}), differences


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ftr", type=Path, help="a clone of ftr-site-config")
    for name in SETS:
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--every", action="store_true", help="every page, not only those of eval/pages/")
    parser.add_argument("--some", type=int, default=1, help="only one page in so many")
    parser.add_argument("--which", type=Path, default=WHICH, help="cargo build --release --example which")
    parser.add_argument("--differences", type=Path, help="write each pair that differs, a line of JSON")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()

    values = strips(args.ftr)
    rules, lost = converted(list(values), Which(args.which))
    print(f"{values.total()} rules, {len(values)} different; {len(rules)} become a selector, {len(lost)} do not")
    pages = []
    for name in SETS:
        if getattr(args, name):
            pages += pages_of(name, getattr(args, name), args.every)
    pages = pages[:: args.some]
    pairs, unsettled, differences, begin = 0, 0, [], time.monotonic()
    file = args.differences.open("w", encoding="utf-8") if args.differences else None
    with ProcessPoolExecutor(args.jobs, initializer=start, initargs=(args.which, rules)) as pool:
        for done, (here, differ) in enumerate(pool.map(partial(compare, rules=rules), pages), 1):
            unsettled += here is None
            pairs += here or 0
            differences += differ
            for difference in differ if file else ():
                print(json.dumps(difference, ensure_ascii=False), file=file, flush=True)
            if done % 100 == 0 or done == len(pages):
                seconds = time.monotonic() - begin
                print(f"{done} of {len(pages)} pages, {seconds:.0f} s, {pairs} pairs, {len(differences)} differ", file=sys.stderr)
    if file:
        file.close()
    share = (pairs - len(differences)) / pairs if pairs else 0.0
    print(f"{len(pages) - unsettled} pages, {unsettled} passed over")
    print(f"{pairs} pairs, {pairs - len(differences)} the same: {share:.2%}")
    stays = sum(d["stays"] for d in differences)
    print(f"{stays} differ in {', '.join(STAY)}, which dehusk never drops; {len(differences) - stays} otherwise:")
    differences = [d for d in differences if not d["stays"]]
    for (expression, selector), n in Counter((d["strip"], d["selector"]) for d in differences).most_common():
        print(f"{n:>5}  {expression}\n       {selector}")


if __name__ == "__main__":
    main()
